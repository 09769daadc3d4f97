/** What testers point the mobile app at: to copy, to open, to call, to scan. */
import { ExternalLink, Smartphone } from 'lucide-react';
import { QRCodeSVG } from 'qrcode.react';
import type { GatewayStatus } from '#schema/status';
import { CommitRef } from './commit-ref.tsx';
import { CopyButton } from './copy-button.tsx';
import { StateBadge } from './status-badges.tsx';

export function GatewayCard({ gateway }: { gateway: GatewayStatus | undefined }) {
  if (gateway?.url === undefined) {
    return (
      <div className="flex items-start gap-3 rounded-xl border border-dashed border-line-strong px-4 py-4">
        <Smartphone aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-3" />
        <p className="text-ink-2">
          The gateway has no address yet. It gets a port of its own before it starts, and keeps it.
        </p>
      </div>
    );
  }
  const { url, state, branch, commit, message } = gateway;
  return (
    <div className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-4 shadow-card sm:flex-row sm:items-center sm:justify-between sm:p-5">
      <div className="min-w-0 space-y-2">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <h2 className="flex items-center gap-1.5 text-sm font-semibold">
            <Smartphone aria-hidden className="size-4 text-accent" />
            Gateway
          </h2>
          {state !== undefined && <StateBadge state={state} axis="Gateway" />}
          <CommitRef branch={branch} commit={commit} />
        </div>
        <a
          href={url}
          className="block font-mono text-lg font-medium tracking-tight break-all text-ink hover:text-accent hover:underline sm:text-xl"
        >
          {url}
        </a>
        {message !== undefined && <p className="text-xs text-ink-2">{message}</p>}
        <div className="-ml-1.5 flex flex-wrap items-center gap-1">
          <CopyButton text={url} label="Copy the gateway address">
            Copy address
          </CopyButton>
          <CopyButton text={`curl -i ${url}/`} label="Copy a curl command">
            Copy as curl
          </CopyButton>
          <a
            href={url}
            target="_blank"
            rel="noreferrer"
            className="inline-flex h-7 items-center gap-1.5 rounded-md px-1.5 text-xs font-medium text-ink-2 hover:bg-hover hover:text-ink"
          >
            <ExternalLink aria-hidden className="size-3.5" />
            Open<span className="sr-only"> the gateway in a new tab</span>
          </a>
        </div>
      </div>
      <figure className="flex shrink-0 items-center gap-3 sm:flex-row-reverse">
        <QRCodeSVG
          value={url}
          size={92}
          marginSize={2}
          bgColor="#ffffff"
          fgColor="#17181e"
          className="rounded-md border border-line"
          title={`QR code of ${url}`}
        />
        <figcaption className="max-w-28 text-xs text-ink-3 sm:text-right">Scan to point the mobile app here</figcaption>
      </figure>
    </div>
  );
}
