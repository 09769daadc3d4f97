/** The page's stream tells the frame whether it lives; the frame shows it. */
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import type { Connection } from './stream-client.ts';

interface ConnectionValue {
  connection: Connection;
  report(connection: Connection): void;
}

const Context = createContext<ConnectionValue>({ connection: 'connecting', report: () => undefined });

export function ConnectionProvider({ children }: { children: ReactNode }) {
  const [connection, report] = useState<Connection>('connecting');
  const value = useMemo(() => ({ connection, report }), [connection]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useConnection(): ConnectionValue {
  return useContext(Context);
}
