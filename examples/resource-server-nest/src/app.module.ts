import { Module, type DynamicModule } from '@nestjs/common';
import type { ResourceServer } from '@assay/core';
import { AssayModule } from '@assay/nest';
import { HealthController } from './health.controller.js';
import { OrdersController } from './orders.controller.js';

/** The orders API: every route is closed unless it is `@Public()`. */
@Module({})
export class AppModule {
  static for(resourceServer: ResourceServer): DynamicModule {
    return {
      module: AppModule,
      imports: [AssayModule.forRoot(resourceServer)],
      controllers: [OrdersController, HealthController],
    };
  }
}
