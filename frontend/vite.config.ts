import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: '../server/web',
    emptyOutDir: true,
    target: 'es2023',
    // Monaco is one chunk by nature, and it is loaded after the page stands.
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      input: 'console.html',
      checks: { pluginTimings: false },
      onLog(level, log, report) {
        // Directives for the React compiler in libraries that are compiled already: they mean nothing here.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: { '/graphql': { target: 'http://127.0.0.1:8000', ws: true } },
  },
  test: { include: ['src/**/*.test.ts'] },
});
