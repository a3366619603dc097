// Every text of the components: custom labels, translated in Setup. A placeholder {0} is filled by fill().
import { formatMoment } from 'c/contractFormat';
import panelTitle from '@salesforce/label/c.ContractGraph_PanelTitle';
import refresh from '@salesforce/label/c.ContractGraph_Refresh';
import loading from '@salesforce/label/c.ContractGraph_Loading';
import contractCount from '@salesforce/label/c.ContractGraph_ContractCount';
import someContracts from '@salesforce/label/c.ContractGraph_SomeContracts';
import updated from '@salesforce/label/c.ContractGraph_Updated';
import noNumber from '@salesforce/label/c.ContractGraph_NoNumber';
import hidden from '@salesforce/label/c.ContractGraph_Hidden';
import hiddenMaybe from '@salesforce/label/c.ContractGraph_HiddenMaybe';
import approximately from '@salesforce/label/c.ContractGraph_Approximately';
import maskedWith from '@salesforce/label/c.ContractGraph_MaskedWith';
import empty from '@salesforce/label/c.ContractGraph_Empty';
import details from '@salesforce/label/c.ContractGraph_Details';
import whyHidden from '@salesforce/label/c.ContractGraph_WhyHidden';
import ownedByClm from '@salesforce/label/c.ContractGraph_OwnedByClm';
import ownedBySalesforce from '@salesforce/label/c.ContractGraph_OwnedBySalesforce';
import ownedHere from '@salesforce/label/c.ContractGraph_OwnedHere';
import ownedByNobody from '@salesforce/label/c.ContractGraph_OwnedByNobody';
import ownedInTurn from '@salesforce/label/c.ContractGraph_OwnedInTurn';
import ownedUntilSigned from '@salesforce/label/c.ContractGraph_OwnedUntilSigned';
import ownedOnceSigned from '@salesforce/label/c.ContractGraph_OwnedOnceSigned';
import cameFrom from '@salesforce/label/c.ContractGraph_CameFrom';
import knownBefore from '@salesforce/label/c.ContractGraph_KnownBefore';
import refusedMark from '@salesforce/label/c.ContractGraph_RefusedMark';
import refusedEdit from '@salesforce/label/c.ContractGraph_RefusedEdit';
import changeBy from '@salesforce/label/c.ContractGraph_ChangeBy';
import provenanceDenied from '@salesforce/label/c.ContractGraph_ProvenanceDenied';
import sectionHidden from '@salesforce/label/c.ContractGraph_SectionHidden';
import rule from '@salesforce/label/c.ContractGraph_Rule';
import statusPath from '@salesforce/label/c.ContractGraph_StatusPath';
import stepOf from '@salesforce/label/c.ContractGraph_StepOf';
import noticeUntil from '@salesforce/label/c.ContractGraph_NoticeUntil';
import noticePassed from '@salesforce/label/c.ContractGraph_NoticePassed';
import noticeNone from '@salesforce/label/c.ContractGraph_NoticeNone';
import renewsOn from '@salesforce/label/c.ContractGraph_RenewsOn';
import renewsFor from '@salesforce/label/c.ContractGraph_RenewsFor';
import endsOn from '@salesforce/label/c.ContractGraph_EndsOn';
import endedOn from '@salesforce/label/c.ContractGraph_EndedOn';
import noEnd from '@salesforce/label/c.ContractGraph_NoEnd';
import noticeTitle from '@salesforce/label/c.ContractGraph_NoticeTitle';
import noticeToday from '@salesforce/label/c.ContractGraph_NoticeToday';
import scheduleHidden from '@salesforce/label/c.ContractGraph_ScheduleHidden';
import parties from '@salesforce/label/c.ContractGraph_Parties';
import documents from '@salesforce/label/c.ContractGraph_Documents';
import amendments from '@salesforce/label/c.ContractGraph_Amendments';
import obligations from '@salesforce/label/c.ContractGraph_Obligations';
import serviceLevels from '@salesforce/label/c.ContractGraph_ServiceLevels';
import lines from '@salesforce/label/c.ContractGraph_Lines';
import sectionTitle from '@salesforce/label/c.ContractGraph_SectionTitle';
import partial from '@salesforce/label/c.ContractGraph_Partial';
import noneOnRecord from '@salesforce/label/c.ContractGraph_NoneOnRecord';
import riskBadge from '@salesforce/label/c.ContractGraph_RiskBadge';
import riskHidden from '@salesforce/label/c.ContractGraph_RiskHidden';
import riskUnknown from '@salesforce/label/c.ContractGraph_RiskUnknown';
import riskReasons from '@salesforce/label/c.ContractGraph_RiskReasons';
import riskScore from '@salesforce/label/c.ContractGraph_RiskScore';
import points from '@salesforce/label/c.ContractGraph_Points';
import pointsUnknown from '@salesforce/label/c.ContractGraph_PointsUnknown';
import version from '@salesforce/label/c.ContractGraph_Version';
import signedOn from '@salesforce/label/c.ContractGraph_SignedOn';
import notSigned from '@salesforce/label/c.ContractGraph_NotSigned';
import executed from '@salesforce/label/c.ContractGraph_Executed';
import hash from '@salesforce/label/c.ContractGraph_Hash';
import copyHash from '@salesforce/label/c.ContractGraph_CopyHash';
import copied from '@salesforce/label/c.ContractGraph_Copied';
import copyFailed from '@salesforce/label/c.ContractGraph_CopyFailed';
import noHash from '@salesforce/label/c.ContractGraph_NoHash';
import opensNewTab from '@salesforce/label/c.ContractGraph_OpensNewTab';
import fromTo from '@salesforce/label/c.ContractGraph_FromTo';
import fieldChanged from '@salesforce/label/c.ContractGraph_FieldChanged';
import effectiveOn from '@salesforce/label/c.ContractGraph_EffectiveOn';
import amendmentTitle from '@salesforce/label/c.ContractGraph_AmendmentTitle';
import valueChange from '@salesforce/label/c.ContractGraph_ValueChange';
import due from '@salesforce/label/c.ContractGraph_Due';
import noDue from '@salesforce/label/c.ContractGraph_NoDue';
import owedBy from '@salesforce/label/c.ContractGraph_OwedBy';
import target from '@salesforce/label/c.ContractGraph_Target';
import measured from '@salesforce/label/c.ContractGraph_Measured';
import notMeasured from '@salesforce/label/c.ContractGraph_NotMeasured';
import recurring from '@salesforce/label/c.ContractGraph_Recurring';
import oneTime from '@salesforce/label/c.ContractGraph_OneTime';
import quantityPrice from '@salesforce/label/c.ContractGraph_QuantityPrice';
import dateRange from '@salesforce/label/c.ContractGraph_DateRange';
import from from '@salesforce/label/c.ContractGraph_From';
import emptyTitle from '@salesforce/label/c.ContractGraph_EmptyTitle';
import emptyBody from '@salesforce/label/c.ContractGraph_EmptyBody';
import noAccessTitle from '@salesforce/label/c.ContractGraph_NoAccessTitle';
import noAccessBody from '@salesforce/label/c.ContractGraph_NoAccessBody';
import errorTitle from '@salesforce/label/c.ContractGraph_ErrorTitle';
import notSaidTitle from '@salesforce/label/c.ContractGraph_NotSaidTitle';
import notSaidBody from '@salesforce/label/c.ContractGraph_NotSaidBody';
import unavailableTitle from '@salesforce/label/c.ContractGraph_UnavailableTitle';
import unavailableBody from '@salesforce/label/c.ContractGraph_UnavailableBody';
import retry from '@salesforce/label/c.ContractGraph_Retry';
import requestId from '@salesforce/label/c.ContractGraph_RequestId';
import unexpected from '@salesforce/label/c.ContractGraph_Unexpected';
import acknowledgeRenewal from '@salesforce/label/c.ContractGraph_Acknowledge';
import acknowledgedBy from '@salesforce/label/c.ContractGraph_AcknowledgedBy';
import flagValue from '@salesforce/label/c.ContractGraph_Flag';
import flagNote from '@salesforce/label/c.ContractGraph_FlagNote';
import flaggedBy from '@salesforce/label/c.ContractGraph_FlaggedBy';
import requestAccess from '@salesforce/label/c.ContractGraph_Ask';
import askReason from '@salesforce/label/c.ContractGraph_AskReason';
import askedBy from '@salesforce/label/c.ContractGraph_AskedBy';
import send from '@salesforce/label/c.ContractGraph_Send';
import sending from '@salesforce/label/c.ContractGraph_Sending';
import cancel from '@salesforce/label/c.ContractGraph_Cancel';
import notSaved from '@salesforce/label/c.ContractGraph_NotSaved';
import renewalsTitle from '@salesforce/label/c.ContractGraph_RenewalsTitle';
import renewalsCount from '@salesforce/label/c.ContractGraph_RenewalsCount';
import noRenewalsTitle from '@salesforce/label/c.ContractGraph_NoRenewalsTitle';
import noRenewalsBody from '@salesforce/label/c.ContractGraph_NoRenewalsBody';
import account from '@salesforce/label/c.ContractGraph_Account';
import deadline from '@salesforce/label/c.ContractGraph_Deadline';
import value from '@salesforce/label/c.ContractGraph_Value';
import mine from '@salesforce/label/c.ContractGraph_Mine';
import everybody from '@salesforce/label/c.ContractGraph_Everybody';
import scopeLabel from '@salesforce/label/c.ContractGraph_ScopeLabel';
import sortLabel from '@salesforce/label/c.ContractGraph_SortLabel';
import fieldTotalValue from '@salesforce/label/c.ContractGraph_Field_totalValue';
import fieldArr from '@salesforce/label/c.ContractGraph_Field_arr';
import fieldDiscountPercent from '@salesforce/label/c.ContractGraph_Field_discountPercent';
import fieldUpliftPercent from '@salesforce/label/c.ContractGraph_Field_upliftPercent';
import fieldBillingFrequency from '@salesforce/label/c.ContractGraph_Field_billingFrequency';
import fieldPaymentTerms from '@salesforce/label/c.ContractGraph_Field_paymentTerms';
import fieldEffectiveDate from '@salesforce/label/c.ContractGraph_Field_effectiveDate';
import fieldExpirationDate from '@salesforce/label/c.ContractGraph_Field_expirationDate';
import fieldSignedDate from '@salesforce/label/c.ContractGraph_Field_signedDate';
import fieldGoverningLaw from '@salesforce/label/c.ContractGraph_Field_governingLaw';
import fieldLiabilityCap from '@salesforce/label/c.ContractGraph_Field_liabilityCap';
import fieldTerminationForConvenience from '@salesforce/label/c.ContractGraph_Field_terminationForConvenience';
import fieldContractOwner from '@salesforce/label/c.ContractGraph_Field_contractOwner';
import fieldRenewalOwner from '@salesforce/label/c.ContractGraph_Field_renewalOwner';
import fieldStatus from '@salesforce/label/c.ContractGraph_Field_status';
import fieldRenewalType from '@salesforce/label/c.ContractGraph_Field_renewalType';
import fieldRenewalTerm from '@salesforce/label/c.ContractGraph_Field_renewalTerm';
import fieldNoticePeriod from '@salesforce/label/c.ContractGraph_Field_noticePeriod';
import fieldRenewalDate from '@salesforce/label/c.ContractGraph_Field_renewalDate';
import fieldNoticeDeadline from '@salesforce/label/c.ContractGraph_Field_noticeDeadline';
import fieldRiskLevel from '@salesforce/label/c.ContractGraph_Field_riskLevel';
import fieldTitle from '@salesforce/label/c.ContractGraph_Field_title';
import fieldScope from '@salesforce/label/c.ContractGraph_Field_scope';
import wordDraft from '@salesforce/label/c.ContractGraph_Word_DRAFT';
import wordInReview from '@salesforce/label/c.ContractGraph_Word_IN_REVIEW';
import wordPendingSignature from '@salesforce/label/c.ContractGraph_Word_PENDING_SIGNATURE';
import wordExecuted from '@salesforce/label/c.ContractGraph_Word_EXECUTED';
import wordActive from '@salesforce/label/c.ContractGraph_Word_ACTIVE';
import wordExpiringSoon from '@salesforce/label/c.ContractGraph_Word_EXPIRING_SOON';
import wordRenewed from '@salesforce/label/c.ContractGraph_Word_RENEWED';
import wordAmended from '@salesforce/label/c.ContractGraph_Word_AMENDED';
import wordSuspended from '@salesforce/label/c.ContractGraph_Word_SUSPENDED';
import wordTerminated from '@salesforce/label/c.ContractGraph_Word_TERMINATED';
import wordMsa from '@salesforce/label/c.ContractGraph_Word_MSA';
import wordSow from '@salesforce/label/c.ContractGraph_Word_SOW';
import wordNda from '@salesforce/label/c.ContractGraph_Word_NDA';
import wordOrderForm from '@salesforce/label/c.ContractGraph_Word_ORDER_FORM';
import wordDpa from '@salesforce/label/c.ContractGraph_Word_DPA';
import wordAmendment from '@salesforce/label/c.ContractGraph_Word_AMENDMENT';
import wordOther from '@salesforce/label/c.ContractGraph_Word_OTHER';
import wordCustomer from '@salesforce/label/c.ContractGraph_Word_CUSTOMER';
import wordVendor from '@salesforce/label/c.ContractGraph_Word_VENDOR';
import wordPartner from '@salesforce/label/c.ContractGraph_Word_PARTNER';
import wordGuarantor from '@salesforce/label/c.ContractGraph_Word_GUARANTOR';
import wordNone from '@salesforce/label/c.ContractGraph_Word_NONE';
import wordAutoRenew from '@salesforce/label/c.ContractGraph_Word_AUTO_RENEW';
import wordOptionToRenew from '@salesforce/label/c.ContractGraph_Word_OPTION_TO_RENEW';
import wordEvergreen from '@salesforce/label/c.ContractGraph_Word_EVERGREEN';
import wordOneTime from '@salesforce/label/c.ContractGraph_Word_ONE_TIME';
import wordMonthly from '@salesforce/label/c.ContractGraph_Word_MONTHLY';
import wordQuarterly from '@salesforce/label/c.ContractGraph_Word_QUARTERLY';
import wordSemiannual from '@salesforce/label/c.ContractGraph_Word_SEMIANNUAL';
import wordAnnual from '@salesforce/label/c.ContractGraph_Word_ANNUAL';
import wordOnMilestone from '@salesforce/label/c.ContractGraph_Word_ON_MILESTONE';
import wordLow from '@salesforce/label/c.ContractGraph_Word_LOW';
import wordMedium from '@salesforce/label/c.ContractGraph_Word_MEDIUM';
import wordHigh from '@salesforce/label/c.ContractGraph_Word_HIGH';
import wordCritical from '@salesforce/label/c.ContractGraph_Word_CRITICAL';
import wordAgreement from '@salesforce/label/c.ContractGraph_Word_AGREEMENT';
import wordExhibit from '@salesforce/label/c.ContractGraph_Word_EXHIBIT';
import wordStatementOfWork from '@salesforce/label/c.ContractGraph_Word_STATEMENT_OF_WORK';
import wordOrder from '@salesforce/label/c.ContractGraph_Word_ORDER';
import wordNotice from '@salesforce/label/c.ContractGraph_Word_NOTICE';
import wordCertificate from '@salesforce/label/c.ContractGraph_Word_CERTIFICATE';
import wordValue from '@salesforce/label/c.ContractGraph_Word_VALUE';
import wordTerm from '@salesforce/label/c.ContractGraph_Word_TERM';
import wordScope from '@salesforce/label/c.ContractGraph_Word_SCOPE';
import wordRenewal from '@salesforce/label/c.ContractGraph_Word_RENEWAL';
import wordNovation from '@salesforce/label/c.ContractGraph_Word_NOVATION';
import wordTermination from '@salesforce/label/c.ContractGraph_Word_TERMINATION';
import wordAdministrative from '@salesforce/label/c.ContractGraph_Word_ADMINISTRATIVE';
import wordPayment from '@salesforce/label/c.ContractGraph_Word_PAYMENT';
import wordDelivery from '@salesforce/label/c.ContractGraph_Word_DELIVERY';
import wordReporting from '@salesforce/label/c.ContractGraph_Word_REPORTING';
import wordCompliance from '@salesforce/label/c.ContractGraph_Word_COMPLIANCE';
import wordInsurance from '@salesforce/label/c.ContractGraph_Word_INSURANCE';
import wordConfidentiality from '@salesforce/label/c.ContractGraph_Word_CONFIDENTIALITY';
import wordExtracted from '@salesforce/label/c.ContractGraph_Word_EXTRACTED';
import wordOpen from '@salesforce/label/c.ContractGraph_Word_OPEN';
import wordFulfilled from '@salesforce/label/c.ContractGraph_Word_FULFILLED';
import wordOverdue from '@salesforce/label/c.ContractGraph_Word_OVERDUE';
import wordWaived from '@salesforce/label/c.ContractGraph_Word_WAIVED';
import wordOnTrack from '@salesforce/label/c.ContractGraph_Word_ON_TRACK';
import wordAtRisk from '@salesforce/label/c.ContractGraph_Word_AT_RISK';
import wordBreached from '@salesforce/label/c.ContractGraph_Word_BREACHED';
import wordAccepted from '@salesforce/label/c.ContractGraph_Word_ACCEPTED';
import wordRefused from '@salesforce/label/c.ContractGraph_Word_REFUSED';
import wordConflict from '@salesforce/label/c.ContractGraph_Word_CONFLICT';
import wordCorrected from '@salesforce/label/c.ContractGraph_Word_CORRECTED';
import wordConfirmed from '@salesforce/label/c.ContractGraph_Word_CONFIRMED';
import wordGranted from '@salesforce/label/c.ContractGraph_Word_GRANTED';
import wordClm from '@salesforce/label/c.ContractGraph_Word_CLM';
import wordSalesforce from '@salesforce/label/c.ContractGraph_Word_SALESFORCE';
import wordHere from '@salesforce/label/c.ContractGraph_Word_HERE';

export const LABELS = {
  panelTitle,
  refresh,
  loading,
  contractCount,
  someContracts,
  updated,
  noNumber,
  hidden,
  hiddenMaybe,
  approximately,
  maskedWith,
  empty,
  details,
  whyHidden,
  cameFrom,
  knownBefore,
  refusedMark,
  refusedEdit,
  changeBy,
  provenanceDenied,
  sectionHidden,
  rule,
  statusPath,
  stepOf,
  noticeUntil,
  noticePassed,
  noticeNone,
  renewsOn,
  renewsFor,
  endsOn,
  endedOn,
  noEnd,
  noticeTitle,
  noticeToday,
  scheduleHidden,
  parties,
  documents,
  amendments,
  obligations,
  serviceLevels,
  lines,
  sectionTitle,
  partial,
  noneOnRecord,
  riskBadge,
  riskHidden,
  riskUnknown,
  riskReasons,
  riskScore,
  points,
  pointsUnknown,
  version,
  signedOn,
  notSigned,
  executed,
  hash,
  copyHash,
  copied,
  copyFailed,
  noHash,
  opensNewTab,
  fromTo,
  fieldChanged,
  effectiveOn,
  amendmentTitle,
  valueChange,
  due,
  noDue,
  owedBy,
  target,
  measured,
  notMeasured,
  recurring,
  oneTime,
  quantityPrice,
  dateRange,
  from,
  emptyTitle,
  emptyBody,
  noAccessTitle,
  noAccessBody,
  errorTitle,
  notSaidTitle,
  notSaidBody,
  unavailableTitle,
  unavailableBody,
  retry,
  requestId,
  unexpected,
  acknowledgeRenewal,
  acknowledgedBy,
  flagValue,
  flagNote,
  flaggedBy,
  requestAccess,
  askReason,
  askedBy,
  send,
  sending,
  cancel,
  notSaved,
  renewalsTitle,
  renewalsCount,
  noRenewalsTitle,
  noRenewalsBody,
  account,
  deadline,
  value,
  mine,
  everybody,
  scopeLabel,
  sortLabel
};

// Names of a contract's fields, as the graph calls them.
const FIELDS = {
  totalValue: fieldTotalValue,
  arr: fieldArr,
  discountPercent: fieldDiscountPercent,
  upliftPercent: fieldUpliftPercent,
  billingFrequency: fieldBillingFrequency,
  paymentTerms: fieldPaymentTerms,
  effectiveDate: fieldEffectiveDate,
  expirationDate: fieldExpirationDate,
  signedDate: fieldSignedDate,
  governingLaw: fieldGoverningLaw,
  liabilityCap: fieldLiabilityCap,
  terminationForConvenience: fieldTerminationForConvenience,
  contractOwner: fieldContractOwner,
  renewalOwner: fieldRenewalOwner,
  status: fieldStatus,
  renewalType: fieldRenewalType,
  renewalTerm: fieldRenewalTerm,
  noticePeriod: fieldNoticePeriod,
  renewalDate: fieldRenewalDate,
  noticeDeadline: fieldNoticeDeadline,
  riskLevel: fieldRiskLevel,
  title: fieldTitle,
  scope: fieldScope
};

// Names of the values of enumerations; the same word means the same in each of them.
const WORDS = {
  DRAFT: wordDraft,
  IN_REVIEW: wordInReview,
  PENDING_SIGNATURE: wordPendingSignature,
  EXECUTED: wordExecuted,
  ACTIVE: wordActive,
  EXPIRING_SOON: wordExpiringSoon,
  RENEWED: wordRenewed,
  AMENDED: wordAmended,
  SUSPENDED: wordSuspended,
  TERMINATED: wordTerminated,
  MSA: wordMsa,
  SOW: wordSow,
  NDA: wordNda,
  ORDER_FORM: wordOrderForm,
  DPA: wordDpa,
  AMENDMENT: wordAmendment,
  OTHER: wordOther,
  CUSTOMER: wordCustomer,
  VENDOR: wordVendor,
  PARTNER: wordPartner,
  GUARANTOR: wordGuarantor,
  NONE: wordNone,
  AUTO_RENEW: wordAutoRenew,
  OPTION_TO_RENEW: wordOptionToRenew,
  EVERGREEN: wordEvergreen,
  ONE_TIME: wordOneTime,
  MONTHLY: wordMonthly,
  QUARTERLY: wordQuarterly,
  SEMIANNUAL: wordSemiannual,
  ANNUAL: wordAnnual,
  ON_MILESTONE: wordOnMilestone,
  LOW: wordLow,
  MEDIUM: wordMedium,
  HIGH: wordHigh,
  CRITICAL: wordCritical,
  AGREEMENT: wordAgreement,
  EXHIBIT: wordExhibit,
  STATEMENT_OF_WORK: wordStatementOfWork,
  ORDER: wordOrder,
  NOTICE: wordNotice,
  CERTIFICATE: wordCertificate,
  VALUE: wordValue,
  TERM: wordTerm,
  SCOPE: wordScope,
  RENEWAL: wordRenewal,
  NOVATION: wordNovation,
  TERMINATION: wordTermination,
  ADMINISTRATIVE: wordAdministrative,
  PAYMENT: wordPayment,
  DELIVERY: wordDelivery,
  REPORTING: wordReporting,
  COMPLIANCE: wordCompliance,
  INSURANCE: wordInsurance,
  CONFIDENTIALITY: wordConfidentiality,
  EXTRACTED: wordExtracted,
  OPEN: wordOpen,
  FULFILLED: wordFulfilled,
  OVERDUE: wordOverdue,
  WAIVED: wordWaived,
  ON_TRACK: wordOnTrack,
  AT_RISK: wordAtRisk,
  BREACHED: wordBreached,
  ACCEPTED: wordAccepted,
  REFUSED: wordRefused,
  CONFLICT: wordConflict,
  CORRECTED: wordCorrected,
  CONFIRMED: wordConfirmed,
  GRANTED: wordGranted,
  CLM: wordClm,
  SALESFORCE: wordSalesforce,
  HERE: wordHere
};

// Who owns a field, by the rule; of one that changes hands, by who owns it now.
const OWNED = {
  CLM: ownedByClm,
  SALESFORCE: ownedBySalesforce,
  HERE: ownedHere,
  DERIVED: ownedByNobody,
  SALESFORCE_UNTIL_SIGNED: ownedInTurn,
  'SALESFORCE_UNTIL_SIGNED SALESFORCE': ownedUntilSigned,
  'SALESFORCE_UNTIL_SIGNED CLM': ownedOnceSigned
};

export const owned = (owner, now) => OWNED[`${owner} ${now}`] ?? OWNED[owner];

export function fill(label, ...values) {
  return label.replace(/\{(\d)\}/g, (_, place) => values[place] ?? '');
}

// What no label names is shown in its own words: newer values of the API must not vanish.
const spoken = (name) =>
  name
    .replace(/([A-Z])/g, ' $1')
    .replace(/_/g, ' ')
    .trim()
    .toLowerCase()
    .replace(/^./, (first) => first.toUpperCase());

export const word = (name) => (name ? (WORDS[name] ?? spoken(name.toLowerCase())) : name);

// Who said so: a system by its word, anyone else by the name they came with.
export const source = (name) => WORDS[name] ?? name;

// The history names fields as the graph does, or as the database, and a reference by its id: renewal_owner_id.
export function namesOf(name) {
  const stored = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return [name, stored, `${stored}_id`];
}

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());

export const fieldLabel = (name) => FIELDS[camel(name)] ?? spoken(camel(name));

// A reason as the API gives it: fields by their labels, moments as the user reads them.
const NAME = /\b[a-z]+[A-Z]\w*/g;
const MOMENT = /\b\d{4}-\d\d-\d\dT[\d:.]+Z/g;

export const reasoned = (text) =>
  text?.replace(NAME, (name) => FIELDS[name] ?? name).replace(MOMENT, (iso) => formatMoment(iso));
