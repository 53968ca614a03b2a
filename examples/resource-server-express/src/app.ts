import express, { type Express } from 'express';
import { principalOf, protect, protectedResourceMetadata, requireScope } from '@assay/express';
import type { ResourceServer } from '@assay/core';

interface Report {
  readonly id: number;
  readonly title: string;
  readonly by: string;
}

/**
 * A reports API: everything but `/health` and the metadata needs an access token, and each route the scope
 * that it names.
 */
export function createApp(resourceServer: ResourceServer): Express {
  const reports: Report[] = [{ id: 1, title: 'Third quarter', by: 'finance' }];
  const app = express();

  app.use(protectedResourceMetadata(resourceServer));

  app.get('/health', (_req, res) => {
    res.json({ status: 'ok' });
  });

  app.use(protect(resourceServer));

  app.get('/reports', requireScope('reports:read'), (_req, res) => {
    res.json({ reports });
  });

  app.post('/reports', requireScope('reports:write'), express.json(), (req, res) => {
    const { title } = req.body as { title?: unknown };
    const report = { id: reports.length + 1, title: String(title), by: principalOf(req).subject };
    reports.push(report);
    res.status(201).json(report);
  });

  return app;
}
