/** Says when the page is no longer live, and what is being done about it. */
import { Unplug } from 'lucide-react';
import { useEffect, useState } from 'react';

export function ConnectionBanner({ lost }: { lost: boolean }) {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (!lost) {
      setVisible(false);
      return;
    }
    // A blink of the network is no news.
    const timer = setTimeout(() => setVisible(true), 1_200);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div role="status" className="sticky top-0 z-30">
      {visible && (
        <p className="flex items-center justify-center gap-2 border-b border-warn/30 bg-warn-soft px-4 py-2 text-xs font-medium text-warn">
          <Unplug aria-hidden className="size-3.5 shrink-0" />
          Connection lost: what you see may be old. Trying again; the page catches up by itself.
        </p>
      )}
    </div>
  );
}
