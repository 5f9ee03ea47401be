/**
 * The shell blocks of a Markdown file. What stands before a block says how it is tested:
 *
 *   <!-- run -->                                     as it stands
 *   <!-- run with: npm start => npm start -- -h -->   with one text replaced by another (`;` between two of them)
 *   <!-- not run: needs root -->                     not at all, and why
 */
export interface Block {
  readonly line: number;
  /** What is run; null where the block is not run. */
  readonly script: string | null;
  /** What is wrong with the mark; null: nothing. */
  readonly complaint: string | null;
}

const fence = /^(?:<!-- *(.*?) *-->\n+)?```(?:sh|bash|shell|console)\n([\s\S]*?)^```$/gm;

function replaced(script: string, replacements: string): { script: string; complaint: string | null } {
  let text = script;
  for (const replacement of replacements.split(';')) {
    const [from, to] = replacement.split('=>').map((part) => part.trim());
    if (from === undefined || to === undefined || !text.includes(from)) {
      return { script, complaint: `replaces "${from}", which is not in the block` };
    }
    text = text.replaceAll(from, to);
  }
  return { script: text, complaint: null };
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(fence)].map(({ 1: mark, 2: body, index }) => {
    const line = markdown.slice(0, index).split('\n').length;
    const script = body ?? '';
    if (mark === 'run') return { line, script, complaint: null };
    if (mark?.startsWith('run with:')) return { line, ...replaced(script, mark.slice('run with:'.length)) };
    if (/^not run: \w/.test(mark ?? '')) return { line, script: null, complaint: null };
    return { line, script: null, complaint: 'begins without <!-- run --> or <!-- not run: why -->' };
  });
}
