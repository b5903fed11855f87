// Before saving, the library puts the shapes of a diagram into drawing order, and forgets those of which it draws nothing: shapes without an element,
// or of a kind it does not know. This does the same and keeps them, behind the others.
import { getDi } from 'bpmn-js/lib/util/ModelUtil';
import { selfAndAllChildren } from 'diagram-js/lib/util/Elements';

const FIRST = 2000;

class KeepingDiOrdering {
  constructor(eventBus, canvas) {
    this.foreign = new Map();
    eventBus.on('import.render.complete', () => this.remember(canvas));
    eventBus.on('saveXML.start', FIRST, () => this.order(canvas));
  }

  /** What the file draws and this editor does not, by plane. It is looked for once: what is deleted later is not foreign. */
  remember(canvas) {
    this.foreign.clear();
    const drawn = new Set(canvas.getRootElements().flatMap((root) => shapes(root)));
    for (const root of canvas.getRootElements()) {
      const plane = getDi(root);
      this.foreign.set(plane, (plane?.get('planeElement') ?? []).filter((one) => !drawn.has(one)));
    }
  }

  order(canvas) {
    for (const root of canvas.getRootElements()) {
      const plane = getDi(root);
      plane?.set('planeElement', [...shapes(root), ...(this.foreign.get(plane) ?? [])]);
    }
  }
}
KeepingDiOrdering.$inject = ['eventBus', 'canvas'];

function shapes(root) {
  return selfAndAllChildren([root], false).filter((one) => one !== root && !one.labelTarget).map(getDi);
}

export default { bpmnDiOrdering: ['type', KeepingDiOrdering] };
