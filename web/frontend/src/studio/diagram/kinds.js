// What an element is, in the words of the modeler's own menus.
import { getBusinessObject } from 'bpmn-js/lib/util/ModelUtil';
import { translate } from './translate.js';

const EVENTS = { StartEvent: 'Start event', EndEvent: 'End event', BoundaryEvent: 'Boundary event', IntermediateCatchEvent: 'Intermediate catch event', IntermediateThrowEvent: 'Intermediate throw event' };
const KINDS = {
  Task: 'Task', UserTask: 'User task', ServiceTask: 'Service task', SendTask: 'Send task', ReceiveTask: 'Receive task', ManualTask: 'Manual task',
  BusinessRuleTask: 'Business rule task', ScriptTask: 'Script task', CallActivity: 'Call activity', SubProcess: 'Sub-process', AdHocSubProcess: 'Ad-hoc sub-process',
  Transaction: 'Transaction', ExclusiveGateway: 'Exclusive gateway', ParallelGateway: 'Parallel gateway', InclusiveGateway: 'Inclusive gateway',
  ComplexGateway: 'Complex gateway', EventBasedGateway: 'Event-based gateway', SequenceFlow: 'Sequence flow', MessageFlow: 'Message flow',
  Association: 'Association', DataInputAssociation: 'Association', DataOutputAssociation: 'Association', Lane: 'Lane', Participant: 'Participant',
  Process: 'Process', Collaboration: 'Collaboration', DataObjectReference: 'Data object reference', DataStoreReference: 'Data store reference',
  TextAnnotation: 'Text annotation', Group: 'Group',
};

export function kind(element) {
  const object = getBusinessObject(element);
  const name = object.$type.replace('bpmn:', '');
  const trigger = object.eventDefinitions?.[0]?.$type.replace('bpmn:', '').replace('EventDefinition', '');
  if (EVENTS[name]) return trigger ? `${translate(EVENTS[name])} (${translate(trigger).toLowerCase()})` : translate(EVENTS[name]);
  return KINDS[name] ? translate(KINDS[name]) : name;
}
