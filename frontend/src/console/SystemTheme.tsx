import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';

/** Repaints the editors when the system's theme changes; style sheets follow by themselves, Monaco only when told. */
export function SystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    if (theme !== null) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const repaint = () => setTheme(null);
    dark.addEventListener('change', repaint);
    return () => dark.removeEventListener('change', repaint);
  }, [theme, setTheme]);
  return null;
}
