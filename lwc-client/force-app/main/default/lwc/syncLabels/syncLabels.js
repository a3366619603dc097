// Texts of the page for administrators alone: users of the panel load none of them.
import title from '@salesforce/label/c.ContractGraph_SyncTitle';
import window from '@salesforce/label/c.ContractGraph_SyncWindow';
import asOf from '@salesforce/label/c.ContractGraph_SyncAsOf';
import noAccess from '@salesforce/label/c.ContractGraph_SyncNoAccess';
import noAccessTitle from '@salesforce/label/c.ContractGraph_SyncNoAccessTitle';
import standing from '@salesforce/label/c.ContractGraph_SyncStanding';
import passages from '@salesforce/label/c.ContractGraph_SyncPassages';
import noPassages from '@salesforce/label/c.ContractGraph_SyncNoPassages';
import backlog from '@salesforce/label/c.ContractGraph_SyncBacklog';
import noBacklog from '@salesforce/label/c.ContractGraph_SyncNoBacklog';
import quarantine from '@salesforce/label/c.ContractGraph_SyncQuarantine';
import noQuarantine from '@salesforce/label/c.ContractGraph_SyncNoQuarantine';
import replays from '@salesforce/label/c.ContractGraph_SyncReplays';
import drift from '@salesforce/label/c.ContractGraph_SyncDrift';
import held from '@salesforce/label/c.ContractGraph_SyncHeld';
import oldest from '@salesforce/label/c.ContractGraph_SyncOldest';
import nothing from '@salesforce/label/c.ContractGraph_SyncNothing';
import callsLeft from '@salesforce/label/c.ContractGraph_SyncCallsLeft';
import leftOf from '@salesforce/label/c.ContractGraph_SyncLeftOf';
import salesforce from '@salesforce/label/c.ContractGraph_SyncSalesforce';
import answers from '@salesforce/label/c.ContractGraph_SyncAnswers';
import leftAlone from '@salesforce/label/c.ContractGraph_SyncLeftAlone';
import neverWritten from '@salesforce/label/c.ContractGraph_SyncNeverWritten';
import done from '@salesforce/label/c.ContractGraph_SyncDone';
import perMinute from '@salesforce/label/c.ContractGraph_SyncPerMinute';
import half from '@salesforce/label/c.ContractGraph_SyncHalf';
import nearlyAll from '@salesforce/label/c.ContractGraph_SyncNearlyAll';
import putOff from '@salesforce/label/c.ContractGraph_SyncPutOff';
import failures from '@salesforce/label/c.ContractGraph_SyncFailures';
import accepted from '@salesforce/label/c.ContractGraph_SyncAccepted';
import refused from '@salesforce/label/c.ContractGraph_SyncRefused';
import conflicts from '@salesforce/label/c.ContractGraph_SyncConflicts';
import waiting from '@salesforce/label/c.ContractGraph_SyncWaiting';
import lanes from '@salesforce/label/c.ContractGraph_SyncLanes';
import since from '@salesforce/label/c.ContractGraph_SyncSince';
import messages from '@salesforce/label/c.ContractGraph_SyncMessages';
import values from '@salesforce/label/c.ContractGraph_SyncValues';
import position from '@salesforce/label/c.ContractGraph_SyncPosition';
import at from '@salesforce/label/c.ContractGraph_SyncAt';
import fromClm from '@salesforce/label/c.ContractGraph_SyncFromClm';
import toSalesforce from '@salesforce/label/c.ContractGraph_SyncToSalesforce';
import fromSalesforce from '@salesforce/label/c.ContractGraph_SyncFromSalesforce';
import fetch from '@salesforce/label/c.ContractGraph_SyncFetch';
import inbox from '@salesforce/label/c.ContractGraph_SyncInbox';
import outbox from '@salesforce/label/c.ContractGraph_SyncOutbox';
import heldTitle from '@salesforce/label/c.ContractGraph_SyncHeldTitle';
import heldMore from '@salesforce/label/c.ContractGraph_SyncHeldMore';
import heldChoose from '@salesforce/label/c.ContractGraph_SyncHeldChoose';
import heldCame from '@salesforce/label/c.ContractGraph_SyncHeldCame';
import heldAttempts from '@salesforce/label/c.ContractGraph_SyncHeldAttempts';
import heldKey from '@salesforce/label/c.ContractGraph_SyncHeldKey';
import heldCorrelation from '@salesforce/label/c.ContractGraph_SyncHeldCorrelation';
import heldReason from '@salesforce/label/c.ContractGraph_SyncHeldReason';
import heldReplay from '@salesforce/label/c.ContractGraph_SyncHeldReplay';
import heldDiscard from '@salesforce/label/c.ContractGraph_SyncHeldDiscard';
import heldReplayed from '@salesforce/label/c.ContractGraph_SyncHeldReplayed';
import heldDiscarded from '@salesforce/label/c.ContractGraph_SyncHeldDiscarded';
import heldNotDone from '@salesforce/label/c.ContractGraph_SyncHeldNotDone';
import heldAfter from '@salesforce/label/c.ContractGraph_SyncHeldAfter';
import heldChooseFirst from '@salesforce/label/c.ContractGraph_SyncHeldChooseFirst';

export const LABELS = {
  heldTitle,
  heldMore,
  heldChoose,
  heldCame,
  heldAttempts,
  heldKey,
  heldCorrelation,
  heldReason,
  heldReplay,
  heldDiscard,
  heldReplayed,
  heldDiscarded,
  heldNotDone,
  heldAfter,
  heldChooseFirst,
  title,
  window,
  asOf,
  noAccess,
  noAccessTitle,
  standing,
  passages,
  noPassages,
  backlog,
  noBacklog,
  quarantine,
  noQuarantine,
  replays,
  drift,
  held,
  oldest,
  nothing,
  callsLeft,
  leftOf,
  salesforce,
  answers,
  leftAlone,
  neverWritten,
  done,
  perMinute,
  half,
  nearlyAll,
  putOff,
  failures,
  accepted,
  refused,
  conflicts,
  waiting,
  lanes,
  since,
  messages,
  values,
  position,
  at
};

const WORDS = {
  FROM_CLM: fromClm,
  TO_SALESFORCE: toSalesforce,
  FROM_SALESFORCE: fromSalesforce,
  fetch,
  inbox,
  outbox
};

// What no label names is shown in its own words: newer values of the API must not vanish.
export const word = (name) => WORDS[name] ?? name;
