// Copy and paste between tabs of the same browser: what is copied here is offered there.
const KEY = 'studio clipboard';

class SharedClipboard {
  constructor(eventBus, clipboard, moddle) {
    eventBus.on('copyPaste.elementsCopied', ({ tree }) => {
      try {
        localStorage.setItem(KEY, JSON.stringify(tree));
      } catch {
        // Too large or not allowed: it can still be pasted in this tab.
      }
    });
    const take = (text) => {
      if (!text) return;
      try {
        clipboard.set(JSON.parse(text, reviver(moddle)));
      } catch {
        // Not ours, or of another version of this page.
      }
    };
    const changed = (event) => {
      if (event.key === KEY) take(event.newValue);
    };
    window.addEventListener('storage', changed);
    eventBus.on('diagram.destroy', () => window.removeEventListener('storage', changed));
    eventBus.once('import.done', () => {
      try {
        take(localStorage.getItem(KEY));
      } catch {
        // Storage is switched off.
      }
    });
  }
}
SharedClipboard.$inject = ['eventBus', 'clipboard', 'moddle'];

/** Plain objects that were elements become elements again; one that stood in several places is one again. */
function reviver(moddle) {
  const known = {};
  return function revive(key, value) {
    if (!value || typeof value !== 'object' || typeof value.$type !== 'string') return value;
    if (value.id && known[value.id]?.$type === value.$type) return known[value.id];
    const { $type, ...attributes } = value;
    const element = moddle.create($type, attributes);
    for (const child of Object.values(attributes).flat()) if (child?.$type && typeof child === 'object') child.$parent ??= element;
    if (value.id) known[value.id] = element;
    return element;
  };
}

export default { __init__: ['sharedClipboard'], sharedClipboard: ['type', SharedClipboard] };
