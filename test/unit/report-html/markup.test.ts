import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anchor,
  escapeText,
  html,
  jsonForScript,
  linked,
  paragraphs,
  sentence,
} from '../../../src/report/html/markup.ts';

describe('html', () => {
  it('escapes what is put into it, in content and in attributes', () => {
    const name = `<img src=x onerror='alert("1")'> & more`;
    expect(html`<td title="${name}">${name}</td>`.text).toBe(
      '<td title="&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; more">' +
        '&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; more</td>',
    );
  });

  it('keeps markup, joins lists, leaves out null and false, writes zero', () => {
    expect(html`${[html`<b>a</b>`, 'b', null, false, 0]}`.text).toBe('<b>a</b>b0');
  });

  it('escapes once', () => {
    expect(html`${html`${'a & b'}`}`.text).toBe('a &amp; b');
  });

  it('lets no text open a tag, close an attribute or begin an entity', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeText(text);
        expect(escaped).not.toMatch(/[<>"']/);
        expect(escaped.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&');
      }),
    );
  });

  it('shows characters that would be obeyed, turn the text around or are half of one as U+FFFD', () => {
    expect(escapeText('a\u0000b\u001b[31m\u202Ec\u2066d\ud800e\u0085')).toBe(
      'a\ufffdb\ufffd[31m\ufffdc\ufffdd\ufffde\ufffd',
    );
    expect(escapeText('line\n\tline \u{1f600} äß')).toBe('line\n\tline \u{1f600} äß');
  });
});

describe('JSON in a script element', () => {
  it('can be read back, and can neither end nor open an element', () => {
    const value = { a: ['</script><script>alert(1)</script>', '<!--', '\u2028\u2029', 0.1 + 0.2] };
    const { text } = jsonForScript(value);
    expect(text).not.toContain('<');
    expect(text).not.toMatch(/[\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('smaller pieces', () => {
  it('link only what is a web address', () => {
    expect(linked('https://example.org/a?b=1&c').text).toBe(
      '<a href="https://example.org/a?b=1&amp;c" rel="noopener noreferrer">example.org/a?b=1&amp;c</a>',
    );
    for (const text of [
      'javascript:alert(1)',
      'section 3',
      'https://a b',
      ' https://a',
      'data:text/html,x',
    ]) {
      expect(linked(text).text).not.toContain('<a');
    }
  });

  it('make paragraphs at blank lines', () => {
    expect(paragraphs('one\ntwo\n\n  <three>\n \n').text).toBe('<p>one\ntwo</p><p>&lt;three&gt;</p>');
    expect(paragraphs('').text).toBe('');
  });

  it('make anchors of plain ids, and of places for others', () => {
    expect(anchor('experiment', 'false-sharing', 3)).toBe('experiment-false-sharing');
    expect(anchor('experiment', '"><script>', 3)).toBe('experiment-4');
  });

  it('make sentences', () => {
    expect(sentence('two regimes: seen')).toBe('Two regimes: seen.');
    expect(sentence('Is it?')).toBe('Is it?');
  });
});
