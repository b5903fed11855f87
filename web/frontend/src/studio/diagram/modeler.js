// The modeler as the studio wants it: bpmn-js, its panel with the studio's own groups, and what makes long work bearable.
import Modeler from 'bpmn-js/lib/Modeler';
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, CamundaPlatformPropertiesProviderModule } from 'bpmn-js-properties-panel';
import behaviors from 'camunda-bpmn-js-behaviors/lib/camunda-platform';
import colors from 'bpmn-js-color-picker';
import { CreateAppendAnythingModule } from 'bpmn-js-create-append-anything';
import minimap from 'diagram-js-minimap';
import clipboard from './clipboard.js';
import { moddleExtensions } from './moddle.js';
import ordering from './ordering.js';
import provider from './provider.js';
import translation from './translate.js';

/** `studio`: { vocabulary, server, actions } for the panel's entries. */
export function modelerIn(container, panel, studio) {
  return new Modeler({
    container,
    propertiesPanel: { parent: panel },
    moddleExtensions,
    additionalModules: [
      BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, CamundaPlatformPropertiesProviderModule, behaviors, CreateAppendAnythingModule, colors, minimap, clipboard,
      provider, ordering, translation, { studio: ['value', studio] },
    ],
  });
}

/** From here on the diagram can be looked at, selected and searched, but nothing changes it, not even by keyboard. */
export function freeze(modeler, root) {
  root.classList.add('frozen');
  modeler.get('commandStack').execute = () => {};
  const bus = modeler.get('eventBus');
  for (const name of ['shape.move.start', 'resize.start', 'connect.start', 'create.start', 'bendpoint.move.start', 'connectionSegment.move.start', 'spaceTool.selection.start']) bus.on(name, 10_000, () => false);
  bus.on('element.dblclick', 10_000, () => false);
  modeler.get('directEditing').activate = () => false;
  const panel = root.querySelector('[data-panel]');
  const fix = () => {
    for (const field of panel.querySelectorAll('input, textarea, select, [contenteditable]')) {
      if (field.hasAttribute('contenteditable')) field.setAttribute('contenteditable', 'false');
      else field.disabled = true;
    }
  };
  new MutationObserver(fix).observe(panel, { childList: true, subtree: true });
  fix();
}
