import { LightningElement, api } from 'lwc';
import { byLatest, formatDate, known, told } from 'c/contractFormat';
import { LABELS, fill, word } from 'c/contractLabels';

const SHOWN = 8;
// Only a link of the web is followed: the address comes from another system.
const safe = (link) => (/^https:\/\//i.test(link ?? '') ? link : undefined);

/** The papers of a contract: where each lies, whether all have signed it, and the hash that proves it unchanged. */
export default class ContractDocuments extends LightningElement {
  /** Documents of the graph. */
  @api items = [];

  copied = {};
  labels = LABELS;

  get documents() {
    return [...this.items].sort(byLatest('signedAt')).map((each) => ({
      ...each,
      link: safe(each.link),
      linkTitle: fill(LABELS.opensNewTab, each.title),
      about: told(
        word(each.type),
        each.version && fill(LABELS.version, each.version),
        each.signedAt && fill(LABELS.signedOn, formatDate(each.signedAt))
      ),
      signed: known(each.executed) && (each.executed ? LABELS.executed : LABELS.notSigned),
      badge: `slds-badge slds-m-left_x-small ${each.executed ? 'slds-badge_lightest' : ''}`,
      hash:
        each.sha256 &&
        fill(LABELS.hash, `${each.sha256.slice(0, SHOWN)}…${each.sha256.slice(-SHOWN)}`),
      copyLabel: fill(LABELS.copyHash, each.title),
      copied: this.copied.id === each.id ? this.copied.text : undefined
    }));
  }

  async handleCopy(event) {
    const { id, hash } = event.currentTarget.dataset;
    let text = LABELS.copied;
    try {
      await navigator.clipboard.writeText(hash);
    } catch {
      text = LABELS.copyFailed;
    }
    this.copied = { id, text };
  }
}
