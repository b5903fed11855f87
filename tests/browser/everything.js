// Makes one of every kind of element in the diagram editor, shows its panel, and opens every menu.
async () => {
  const modeler = document.querySelector('[data-studio-diagram]').studio.editor.modeler;
  const get = (name) => modeler.get(name);
  const factory = get('elementFactory'), modeling = get('modeling'), root = get('canvas').getRootElement();
  const pause = () => new Promise((done) => setTimeout(done, 30));
  const events = {
    StartEvent: ['Message', 'Timer', 'Conditional', 'Signal', 'Error', 'Escalation', 'Compensate'],
    EndEvent: ['Message', 'Signal', 'Error', 'Escalation', 'Compensate', 'Cancel', 'Terminate'],
    IntermediateCatchEvent: ['Message', 'Timer', 'Conditional', 'Signal', 'Link'],
    IntermediateThrowEvent: ['Message', 'Signal', 'Escalation', 'Compensate', 'Link'],
  };
  const kinds = ['Task', 'UserTask', 'ServiceTask', 'SendTask', 'ReceiveTask', 'ManualTask', 'BusinessRuleTask', 'ScriptTask', 'CallActivity', 'SubProcess',
    'AdHocSubProcess', 'Transaction', 'ExclusiveGateway', 'ParallelGateway', 'InclusiveGateway', 'ComplexGateway', 'EventBasedGateway', 'StartEvent', 'EndEvent',
    'IntermediateCatchEvent', 'IntermediateThrowEvent', 'DataObjectReference', 'DataStoreReference', 'TextAnnotation', 'Group'].map((type) => ({ type: `bpmn:${type}` }));
  for (const type of Object.keys(events)) {
    for (const event of events[type]) kinds.push({ type: `bpmn:${type}`, eventDefinitionType: `bpmn:${event}EventDefinition` });
  }
  kinds.push({ type: 'bpmn:SubProcess', isExpanded: true }, { type: 'bpmn:SubProcess', isExpanded: true, triggeredByEvent: true });
  let x = 0;
  const menu = async (provider, target) => {
    try {
      get('popupMenu').open(target, provider, { x: 100, y: 100 }, { title: '' });
      await pause();
      get('popupMenu').close();
    } catch (error) { if (!/No registered providers|empty/i.test(String(error))) throw error; }
  };
  const look = async (element) => {
    get('selection').select(element);
    get('contextPad').open(element, true);
    await pause();
    for (const header of document.querySelectorAll('[data-panel] .bio-properties-panel-group-header')) {
      if (!header.parentElement.querySelector('.open')) header.click();
    }
    await menu('bpmn-replace', element);
  };
  const made = [];
  for (const kind of kinds) {
    const shape = modeling.createShape(factory.createShape(kind), { x: 200 + (x += 160), y: 900 }, root);
    made.push(shape);
    await look(shape);
  }
  const host = made[1];
  for (const event of ['Message', 'Timer', 'Error', 'Escalation', 'Signal', 'Conditional', 'Compensate']) {
    const boundary = factory.createShape({ type: 'bpmn:BoundaryEvent', eventDefinitionType: `bpmn:${event}EventDefinition`, cancelActivity: event !== 'Timer' });
    await look(modeling.createShape(boundary, { x: host.x, y: host.y + 80 }, host, { attach: true }));
  }
  await look(modeling.connect(made[1], made[2]));
  get('selection').select(made.slice(0, 3));
  get('contextPad').open(made.slice(0, 3), true);
  await menu('align-elements', made.slice(0, 3));
  await menu('color-picker', made.slice(0, 3));
  await menu('bpmn-create', root);
  await menu('bpmn-append', made[1]);
  await look(modeling.createShape(factory.createParticipantShape({ type: 'bpmn:Participant' }), { x: 600, y: 1600 }, root));
  get('selection').select(get('elementRegistry').get('sai_dieu_kien'));
  await pause();
}
