// Between the text of a .form file and the form in it. What is written back has the same order, indent and unknown properties as what came
// in; a text that JavaScript cannot hold as it is (a number of twenty digits, a name that stands twice) is told, and not saved over.
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|[{}[\],:]/g;

/** { schema, write, loss }: `loss` is the first piece that would change, or null. Throws SyntaxError when the text is no JSON. */
export function read(text) {
  const bare = text.replace(/^\ufeff/, '');
  const schema = JSON.parse(bare);
  const indent = /\n([ \t]+)"/.exec(bare)?.[1] ?? 2;
  const end = /\s*$/.exec(bare)[0];
  const write = (form) => JSON.stringify(form, null, bare.includes('\n') ? indent : 0) + end;
  return { schema, write, loss: changed(bare, write(schema)) };
}

function changed(before, after) {
  const [old, now] = [before, after].map((text) => text.match(TOKEN) ?? []);
  const at = old.findIndex((token, number) => !same(token, now[number]));
  return at >= 0 ? old[at] : old.length === now.length ? null : '…';
}

function same(one, other) {
  if (one === other) return true;
  if (other === undefined) return false;
  if (one[0] === '"' && other[0] === '"') return JSON.parse(one) === JSON.parse(other);
  // 1.0 and 1 are one number; what has more digits than a program keeps is not.
  return /^[-\d]/.test(one) && /^[-\d]/.test(other) && Number(one) === Number(other) && one.replace(/\D/g, '').length <= 15;
}
