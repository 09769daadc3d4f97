import { Links, Meta, Outlet, Scripts, ScrollRestoration, useFetchers, useRouteLoaderData } from '@remix-run/react';
import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import interLatin from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url';
import { useContext, type ReactNode } from 'react';
import stylesheet from './app.css?url';
import { NonceContext } from './nonce.ts';
import { ErrorPage } from './ui/error-page.tsx';
import { NowProvider } from './ui/now.tsx';
import type { Theme } from './ui/theme-toggle.tsx';
import { readTheme } from './theme.server.ts';

export const links: LinksFunction = () => [
  { rel: 'preload', href: interLatin, as: 'font', type: 'font/woff2', crossOrigin: 'anonymous' },
  { rel: 'stylesheet', href: stylesheet },
  { rel: 'icon', href: '/favicon.svg', type: 'image/svg+xml' },
];

export const meta: MetaFunction = () => [{ title: 'SDP' }];

export async function loader({ request }: LoaderFunctionArgs) {
  return { theme: await readTheme(request), now: Date.now() };
}

/** The theme that was pressed, before the server has it. */
function useTheme(): Theme {
  const data = useRouteLoaderData<typeof loader>('root');
  const pressed = useFetchers()
    .find((fetcher) => fetcher.formAction === '/theme')
    ?.formData?.get('theme');
  return pressed === 'light' || pressed === 'dark' || pressed === 'system' ? pressed : data?.theme ?? 'system';
}

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useContext(NonceContext);
  const data = useRouteLoaderData<typeof loader>('root');
  const theme = useTheme();
  return (
    <html lang="en" data-theme={theme} suppressHydrationWarning>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="color-scheme" content={theme === 'system' ? 'light dark' : theme} />
        <Meta />
        <Links />
      </head>
      <body>
        <NowProvider at={data?.now ?? 0}>{children}</NowProvider>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function Root() {
  return <Outlet />;
}

export function ErrorBoundary() {
  return (
    <main>
      <ErrorPage />
    </main>
  );
}
