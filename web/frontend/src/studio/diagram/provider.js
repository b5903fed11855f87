// The properties panel: the library's groups where they fit the dialect (docs/dialect.md), our own where analysts pick from what exists.
// A group that the dialect does not know is shown only where the element has something in it, so that it can be taken out.
import { basisOf } from './basis.js';
import { Changer, extensions, subject } from './change.js';
import { datesOf, timerDates } from './dates.js';
import { gathered } from './loop.js';
import { peopleOf } from './people.js';
import { translate } from './translate.js';
import { workOf } from './work.js';
import { is } from 'bpmn-js/lib/util/ModelUtil';

const AFTER_ALL = 100;
const REPLACED = new Set([
  'CamundaPlatform__UserAssignment', 'CamundaPlatform__CandidateStarter', 'CamundaPlatform__CallActivity', 'CamundaPlatform__HistoryCleanup', 'CamundaPlatform__Tasklist',
  'CamundaPlatform__AsynchronousContinuations', 'CamundaPlatform__JobExecution', 'CamundaPlatform__StartInitiator', 'CamundaPlatform__ExternalTask', 'CamundaPlatform__ProcessVariables',
]);
const IF_FILLED = new Set([
  'CamundaPlatform__ExecutionListener', 'CamundaPlatform__TaskListener', 'CamundaPlatform__FieldInjection', 'CamundaPlatform__ConnectorInput', 'CamundaPlatform__ConnectorOutput', 'CamundaPlatform__Errors',
]);
const ORDER = [
  'general', 'studio-people', 'studio-deadline', 'studio-form', 'studio-decision', 'studio-topic', 'studio-called', 'CamundaPlatform__Implementation', 'CamundaPlatform__Script', 'CamundaPlatform__Condition',
  'timer', 'message', 'signal', 'error', 'escalation', 'link', 'compensation', 'multiInstance', 'adHocCompletion', 'studio-basis', 'studio-page', 'studio-starters', 'studio-case', 'documentation',
];

class StudioProvider {
  constructor(propertiesPanel, injector, studio) {
    this.context = { ...studio, changer: new Changer(injector) };
    propertiesPanel.registerProvider(AFTER_ALL, this);
  }

  getGroups(element) {
    return (groups) => {
      const kept = groups.filter((group) => this.fits(group, element));
      for (const group of kept) this.mend(group, element);
      const own = [peopleOf, datesOf, workOf, basisOf].flatMap((part) => part(element, this.context));
      for (const group of [...kept, ...own]) group.translate = translate;
      const place = (group) => (ORDER.includes(group.id) ? ORDER.indexOf(group.id) : ORDER.length);
      return [...kept, ...own].sort((a, b) => place(a) - place(b));
    };
  }

  fits(group, element) {
    if (REPLACED.has(group.id)) return false;
    if (IF_FILLED.has(group.id)) return Boolean(group.items?.length);
    const object = subject(element);
    if (group.id === 'CamundaPlatform__Implementation') return ['class', 'expression', 'delegateExpression'].some((name) => object.get(`camunda:${name}`)) || (is(object, 'bpmn:BusinessRuleTask') && Boolean(object.get('camunda:type'))) || this.implemented(element);
    if (group.id === 'CamundaPlatform__Form') return Boolean(object.get('camunda:formKey')) || hasFormData(object);
    if (group.id === 'CamundaPlatform__FormData') return hasFormData(object);
    return true;
  }

  /** A message that is thrown may be implemented by a topic; that is the library's own entry. */
  implemented(element) {
    const object = subject(element);
    return object.get('eventDefinitions')?.some((one) => is(one, 'bpmn:MessageEventDefinition')) && (is(object, 'bpmn:EndEvent') || is(object, 'bpmn:IntermediateThrowEvent'));
  }

  mend(group, element) {
    if (group.id === 'general') group.entries = group.entries.filter((entry) => entry.id !== 'versionTag');
    if (group.id === 'timer') group.entries = [...group.entries, ...timerDates(element, this.context)];
    if (group.id === 'multiInstance') {
      const unused = ['multiInstance-asynchronousBefore', 'multiInstance-asynchronousAfter', 'multiInstance-exclusive', 'multiInstance-retryTimeCycle', 'asynchronousBefore', 'asynchronousAfter', 'exclusive', 'retryTimeCycle'];
      group.entries = [...group.entries.filter((entry) => !unused.includes(entry.id)), ...gathered(element, this.context)];
    }
  }
}
StudioProvider.$inject = ['propertiesPanel', 'injector', 'studio'];

function hasFormData(object) {
  return extensions(object).some((one) => is(one, 'camunda:FormData'));
}

export default { __init__: ['studioProvider'], studioProvider: ['type', StudioProvider] };
