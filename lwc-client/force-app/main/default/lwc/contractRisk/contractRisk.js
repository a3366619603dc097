import { LightningElement, api } from 'lwc';
import { byLatest, formatDate, known } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const THEMES = {
  LOW: 'slds-theme_success',
  MEDIUM: 'slds-theme_warning',
  HIGH: 'slds-theme_error',
  CRITICAL: 'slds-theme_error'
};
const heaviestFirst = (one, other) => (other.points ?? -1) - (one.points ?? -1);

/** The risk in a word; a click tells its reasons, or why it is hidden. */
export default class ContractRisk extends LightningElement {
  /** A contract of the graph. */
  @api contract;
  /** An Access of c/contractAnswer. */
  @api access;

  isOpen = false;
  labels = LABELS;

  get decision() {
    return this.access.of('Contract.riskLevel', this.contract.riskLevel);
  }
  get isHidden() {
    return ['hidden', 'maybe'].includes(this.decision.state);
  }
  get badgeText() {
    if (this.isHidden) {
      return LABELS.riskHidden;
    }
    const { riskLevel } = this.contract;
    return riskLevel ? fill(LABELS.riskBadge, word(riskLevel)) : LABELS.riskUnknown;
  }
  get badgeClass() {
    return `slds-badge badge ${THEMES[this.contract.riskLevel] ?? ''}`;
  }
  get icon() {
    return this.isHidden ? 'utility:lock' : 'utility:shield';
  }
  get iconVariant() {
    return /success|error/.test(this.badgeClass) ? 'inverse' : undefined;
  }
  get assessment() {
    return [...(this.contract.riskAssessments?.nodes ?? [])].sort(byLatest('assessedAt'))[0];
  }
  get summary() {
    const { riskScore } = this.contract;
    if (this.isHidden) {
      return this.decision.reason;
    }
    if (!known(riskScore) || !this.assessment?.assessedAt) {
      return LABELS.riskUnknown;
    }
    return fill(LABELS.riskScore, riskScore, formatDate(this.assessment.assessedAt));
  }
  get factors() {
    return [...(this.assessment?.factors?.nodes ?? [])].sort(heaviestFirst).map((each) => ({
      id: each.id,
      reason: each.reason ?? each.name,
      points: Number.isInteger(each.points)
        ? fill(LABELS.points, each.points, each.weight)
        : LABELS.pointsUnknown
    }));
  }

  handleToggle() {
    this.isOpen = !this.isOpen;
  }
}
