import { createElement } from 'lwc';
import ContractDocuments from 'c/contractDocuments';
import { contract, settled } from '../../../../../test/panel';

const [paper] = contract().documents.nodes;

function show(...items) {
  const element = createElement('c-contract-documents', { is: ContractDocuments });
  element.items = items;
  document.body.appendChild(element);
  return element;
}
const textOf = (element) => element.shadowRoot.querySelector('ul').textContent;

async function copy(element) {
  element.shadowRoot.querySelector('button').click();
  await settled();
  return element.shadowRoot.querySelector('[role="status"]').textContent;
}

describe('c-contract-documents', () => {
  it('says what each paper is, and leads to it in a new tab', async () => {
    const element = show(paper);
    const link = element.shadowRoot.querySelector('a');
    expect(link.href).toBe('https://clm.example/d1');
    expect(link.rel).toBe('noopener noreferrer');
    expect(textOf(element)).toContain('Order · Version 1.0 · Signed Jan 2, 2026');
    expect(textOf(element)).toContain('Executed');
    expect(textOf(element)).toContain('SHA-256 aaaaaaaa…aaaaaaaa');
    await expect(element).toBeAccessible();
  });

  // eslint-disable-next-line no-script-url -- what must not be followed
  it.each(['javascript:alert(1)', 'http://clm.example/', 'data:text/html,x', null])(
    'does not lead to %s',
    (link) => {
      const element = show({ ...paper, link });
      expect(element.shadowRoot.querySelector('a')).toBeNull();
      expect(textOf(element)).toContain('Order Form 1');
    }
  );

  it('copies the whole hash', async () => {
    const writeText = jest.fn().mockResolvedValue();
    Object.assign(navigator, { clipboard: { writeText } });
    expect(await copy(show(paper))).toBe('Copied');
    expect(writeText).toHaveBeenCalledWith(paper.sha256);
  });

  it('says that the browser did not let it', async () => {
    Object.assign(navigator, {
      clipboard: { writeText: jest.fn().mockRejectedValue(new Error()) }
    });
    expect(await copy(show(paper))).toBe('The browser did not allow copying');
  });

  it('says what is not signed by all and what has no hash, the latest first', async () => {
    const draft = { id: 'd2', title: 'Draft', type: null, executed: false };
    const element = show(draft, { ...paper, id: 'd3', signedAt: '2025-01-01' }, paper);
    expect(textOf(element)).toMatch(/Order Form 1[\s\S]*Order Form 1[\s\S]*Draft/);
    expect(textOf(element)).toContain('Not signed by all');
    expect(textOf(element)).toContain('No hash on record');
    await expect(element).toBeAccessible();
  });
});
