// The picture of a diagram: SVG, PNG, on paper; and the file itself.
import { node, words } from '../words.js';

const LARGEST = 16_000_000; // pixels of a PNG that every browser draws

export function save(name, content, type) {
  const link = node('a', { href: URL.createObjectURL(new Blob([content], { type })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export async function svg(modeler, name) {
  save(`${name}.svg`, (await modeler.saveSVG()).svg, 'image/svg+xml');
}

export async function png(modeler, name) {
  const image = await picture(modeler);
  const scale = Math.min(2, Math.sqrt(LARGEST / (image.width * image.height)));
  const canvas = node('canvas', { width: Math.ceil(image.width * scale), height: Math.ceil(image.height * scale) });
  const context = canvas.getContext('2d');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error(words('Sơ đồ quá lớn để xuất ảnh PNG; hãy xuất SVG.', 'The diagram is too large for a PNG; export an SVG.'));
  save(`${name}.png`, blob, 'image/png');
}

/** The whole diagram on one page, whatever part of it the screen shows. */
export async function print(modeler, place) {
  const image = await picture(modeler);
  image.alt = '';
  place.replaceChildren(image);
  window.addEventListener('afterprint', () => place.replaceChildren(), { once: true });
  window.print();
}

async function picture(modeler) {
  const { svg: text } = await modeler.saveSVG();
  const image = new Image();
  await new Promise((done, fail) => {
    image.onload = done;
    image.onerror = () => fail(new Error(words('Không vẽ được ảnh của sơ đồ.', 'The picture of the diagram could not be drawn.')));
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
  return image;
}
