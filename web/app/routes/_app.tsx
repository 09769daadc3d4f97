import type { LoaderFunctionArgs } from '@remix-run/node';
import { Form, Link, Outlet, useFetcher, useLocation, useRouteLoaderData } from '@remix-run/react';
import { LogOut } from 'lucide-react';
import type { WhoAmI } from '#schema/http';
import { useLoaded } from '../loaded.ts';
import { apiOf } from '../api.server.ts';
import { ConnectionProvider, useConnection } from '../live/connection.tsx';
import type { loader as rootLoader } from '../root.tsx';
import { ConnectionBanner } from '../ui/connection-banner.tsx';
import { buttonClass } from '../ui/button.tsx';
import { ErrorPage } from '../ui/error-page.tsx';
import { Notice } from '../ui/notice.tsx';
import { Shell } from '../ui/shell.tsx';
import { ThemeButtons } from '../ui/theme-toggle.tsx';

export async function loader({ request, context }: LoaderFunctionArgs) {
  return { me: await apiOf(request, context).get<WhoAmI>('/whoami') };
}

function ThemeForm() {
  const root = useRouteLoaderData<typeof rootLoader>('root');
  const fetcher = useFetcher();
  const { pathname, search } = useLocation();
  const pressed = fetcher.formData?.get('theme');
  const theme = pressed === 'light' || pressed === 'dark' || pressed === 'system' ? pressed : root?.theme ?? 'system';
  return (
    <fetcher.Form method="post" action="/theme">
      <noscript>
        <input type="hidden" name="to" value={pathname + search} />
      </noscript>
      <ThemeButtons theme={theme} />
    </fetcher.Form>
  );
}

function Account({ me }: { me: WhoAmI }) {
  return (
    <div className="flex items-center justify-between gap-2 border-t border-line pt-3">
      <div className="min-w-0 text-xs">
        <p className="truncate font-medium text-ink">{me.username}</p>
        <p className="truncate text-ink-3">SDP {me.server.version}</p>
      </div>
      <Form method="post" action="/logout">
        <button
          type="submit"
          title="Log out"
          className="grid size-8 place-items-center rounded-md text-ink-3 hover:bg-hover hover:text-ink"
        >
          <LogOut aria-hidden className="size-4" />
          <span className="sr-only">Log out</span>
        </button>
      </Form>
    </div>
  );
}

function Frame() {
  const { me } = useLoaded<typeof loader>();
  const { connection } = useConnection();
  const { pathname, search } = useLocation();
  const banner = (
    <>
      <ConnectionBanner lost={connection === 'lost'} />
      {!me.canFetch && (
        <div className="px-4 pt-4 sm:px-8">
          <Notice
            tone="warn"
            title="Your login can no longer fetch"
            actions={
              <Link
                to={`/login?again=1&to=${encodeURIComponent(pathname + search)}`}
                className={buttonClass('plain', 'sm')}
              >
                Log in again
              </Link>
            }
          >
            The server was restarted and keeps passwords in memory only. What runs keeps running; deployments wait for a
            login.
          </Notice>
        </div>
      )}
    </>
  );
  return (
    <Shell account={<Account me={me} />} theme={<ThemeForm />} banner={banner}>
      <Outlet />
    </Shell>
  );
}

export default function App() {
  return (
    <ConnectionProvider>
      <Frame />
    </ConnectionProvider>
  );
}

export function ErrorBoundary() {
  return (
    <main>
      <ErrorPage />
    </main>
  );
}
