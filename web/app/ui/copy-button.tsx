/** Copies a text and says so; also where the page is not served over TLS and the clipboard API is missing. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cx } from './cx.ts';

async function copy(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

interface CopyButtonProps {
  /** A long text is made only when it is asked for. */
  text: string | (() => string);
  label: string;
  children?: string;
}

export function CopyButton({ text, label, children }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_600);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : Copy;
  return (
    <button
      type="button"
      aria-label={children === undefined ? (copied ? 'Copied' : label) : undefined}
      title={label}
      onClick={() =>
        void copy(typeof text === 'string' ? text : text()).then(
          () => setCopied(true),
          () => undefined
        )
      }
      className={cx(
        'needs-js inline-flex h-7 shrink-0 items-center gap-1.5 rounded-md px-1.5 text-xs font-medium text-ink-2 hover:bg-hover hover:text-ink',
        copied && 'text-good'
      )}
    >
      <Icon aria-hidden className="size-3.5" />
      {children !== undefined && <span>{copied ? 'Copied' : children}</span>}
      <span role="status" className="sr-only">
        {copied ? 'Copied to the clipboard' : ''}
      </span>
    </button>
  );
}
