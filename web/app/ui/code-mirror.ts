/** CodeMirror as this UI uses it; loaded by the editor alone, after the page stands. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Finding } from '#schema/errors';

const color = (name: string): string => `var(--color-${name})`;

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: color('ansi-4') },
  { tag: [tags.string, tags.content, tags.special(tags.string)], color: color('ink') },
  { tag: [tags.bool, tags.number, tags.null, tags.keyword], color: color('ansi-5') },
  { tag: [tags.comment, tags.lineComment], color: color('ink-3'), fontStyle: 'italic' },
  { tag: [tags.punctuation, tags.separator], color: color('ink-3') },
  { tag: [tags.labelName, tags.typeName], color: color('ansi-6') },
]);

const theme = EditorView.theme({
  '&': { backgroundColor: color('surface'), color: color('ink'), fontSize: '13px', height: '100%' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '1.65' },
  '.cm-content': { caretColor: color('ink'), padding: '12px 0' },
  '.cm-gutters': { backgroundColor: color('surface'), color: color('ink-3'), border: 'none', paddingLeft: '4px' },
  '.cm-activeLine': { backgroundColor: color('inset') },
  '.cm-activeLineGutter': { backgroundColor: color('inset'), color: color('ink') },
  '.cm-cursor': { borderLeftColor: color('ink') },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: `${color('accent-soft')} !important`,
  },
  '&.cm-focused': { outline: `2px solid ${color('accent')}`, outlineOffset: '-1px' },
  '.cm-tooltip': {
    backgroundColor: color('surface'),
    border: `1px solid ${color('line-strong')}`,
    borderRadius: '6px',
  },
  '.cm-diagnostic': { padding: '6px 10px' },
});

export interface YamlEditorHandle {
  setFindings(findings: readonly Finding[]): void;
  goTo(line: number): void;
  destroy(): void;
}

export interface YamlEditorOptions {
  parent: HTMLElement;
  text: string;
  labelledBy: string;
  nonce: string;
  onChange(text: string): void;
}

function diagnosticOf(state: EditorState, finding: Finding): Diagnostic {
  const line = state.doc.line(Math.min(Math.max(1, finding.line ?? 1), state.doc.lines));
  const from = Math.min(line.to, line.from + Math.max(0, (finding.column ?? 1) - 1));
  return { from: from === line.to ? line.from : from, to: line.to, severity: 'error', message: finding.message };
}

export function openEditor({ parent, text, labelledBy, nonce, onChange }: YamlEditorOptions): YamlEditorHandle {
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        bracketMatching(),
        indentOnInput(),
        indentUnit.of('  '),
        yaml(),
        syntaxHighlighting(highlight),
        theme,
        EditorView.lineWrapping,
        EditorView.cspNonce.of(nonce),
        // The tab index says aloud that the scrolling box around it can be reached by keyboard.
        EditorView.contentAttributes.of({ 'aria-labelledby': labelledBy, spellcheck: 'false', tabindex: '0' }),
        // Escape, then Tab, leaves the editor: keyboards are not trapped.
        keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setFindings: (findings) =>
      view.dispatch(
        setDiagnostics(
          view.state,
          findings.map((finding) => diagnosticOf(view.state, finding)).sort((a, b) => a.from - b.from)
        )
      ),
    goTo(line) {
      const { from } = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
