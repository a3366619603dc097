import { LABELS, word } from 'c/syncLabels';

describe('c/syncLabels', () => {
  it('has a text for each name', () => {
    Object.values(LABELS).forEach((text) => expect(text).toMatch(/\S/));
  });

  it('names directions and queues, and shows what it does not know as it is', () => {
    expect(word('TO_SALESFORCE')).toBe('The graph to Salesforce');
    expect(word('a_new_queue')).toBe('a_new_queue');
  });
});
