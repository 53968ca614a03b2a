import { Controller, Get, type LoggerService } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { inMemoryStores, type ResourceServerOptions } from '@assay/core';
import { AssayModule } from '@assay/nest';
import { createTokenBuilder } from '@assay/testing';
import { platforms } from './platforms.js';

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    return [];
  }
}

const nothing = () => undefined;

/** What the report warns of at start. */
async function warningsFor(
  start: (typeof platforms)[number][1],
  options: Partial<ResourceServerOptions>,
  partner?: Partial<ResourceServerOptions>,
): Promise<readonly string[]> {
  const { issuer, audience, jwks: keys } = await createTokenBuilder();
  const base = { issuer, audience, keys, stores: inMemoryStores() };
  const warnings: string[] = [];
  const logger: LoggerService = {
    log: nothing,
    error: nothing,
    warn: (message: unknown, context: unknown) => {
      if (context === 'AssayReport') warnings.push(String(message));
    },
  };
  const imports = [
    AssayModule.forRoot({ ...base, ...options }),
    ...(partner === undefined
      ? []
      : [AssayModule.forRoot({ ...base, ...partner, name: 'partner', guard: 'manual' })]),
  ];
  const app = await start({ imports, controllers: [OrdersController] }, { logger });
  await app.close();
  return warnings;
}

describe.each(platforms)('the report at start, on %s', (_platform, start) => {
  it('warns of nothing where there is nothing to warn of', async () => {
    expect(await warningsFor(start, {})).toEqual([]);
  });

  it('warns of what the options make weaker or narrower, once', async () => {
    expect(await warningsFor(start, { audience: 'orders', leewaySeconds: 120 })).toEqual([
      expect.stringMatching(/^leewaySeconds: .*120 seconds/),
      expect.stringMatching(/^publicUrl: .*bound to a DPoP key are refused/),
    ]);
  });

  it('names the resource server where it is not the only one', async () => {
    expect(await warningsFor(start, {}, { leewaySeconds: 61 })).toEqual([
      expect.stringMatching(/^partner: leewaySeconds: .*61 seconds/),
    ]);
  });
});
