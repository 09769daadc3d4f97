/** A textarea that becomes an editor where scripts run; the form always posts the textarea. */
import { useEffect, useId, useRef, useState } from 'react';
import type { Finding } from '#schema/errors';
import type { YamlEditorHandle } from './code-mirror.ts';
import { cx } from './cx.ts';

interface YamlEditorProps {
  name: string;
  label: string;
  text: string;
  findings: readonly Finding[];
  onChange(text: string): void;
  className?: string;
}

/** The browser hides the attribute from scripts, not the property. */
function pageNonce(): string {
  return document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? '';
}

export function YamlEditor({ name, label, text, findings, onChange, className }: YamlEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<YamlEditorHandle>();
  const [open, setOpen] = useState(false);
  const latest = useRef({ text, onChange });
  latest.current = { text, onChange };
  const labelId = useId();
  const areaId = useId();

  useEffect(() => {
    let gone = false;
    void import('./code-mirror.ts').then(({ openEditor }) => {
      if (gone || host.current === null) return;
      editor.current = openEditor({
        parent: host.current,
        text: latest.current.text,
        labelledBy: labelId,
        nonce: pageNonce(),
        onChange: (changed) => latest.current.onChange(changed),
      });
      setOpen(true);
    });
    return () => {
      gone = true;
      editor.current?.destroy();
      editor.current = undefined;
      setOpen(false);
    };
  }, [labelId]);

  useEffect(() => {
    editor.current?.setFindings(findings);
    const line = findings[0]?.line;
    if (line !== undefined) editor.current?.goTo(line);
  }, [findings, open]);

  return (
    <div className={cx('relative flex flex-col', className)}>
      <label id={labelId} htmlFor={areaId} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <textarea
        id={areaId}
        name={name}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        hidden={open}
        spellCheck={false}
        autoCapitalize="off"
        className="min-h-96 w-full flex-1 resize-y rounded-lg border border-control bg-surface p-3 font-mono text-[13px] leading-relaxed shadow-card"
      />
      <div
        ref={host}
        hidden={!open}
        className="min-h-96 flex-1 overflow-hidden rounded-lg border border-line-strong bg-surface shadow-card"
      />
    </div>
  );
}
