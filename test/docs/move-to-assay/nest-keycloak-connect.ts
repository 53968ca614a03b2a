import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { Principal } from '@assay/core';
import { AssayModule, Claim, CurrentPrincipal, Public, RequireClaim } from '@assay/nest';

const holdsRole = (role: string) => (realmAccess: unknown) => {
  const { roles } = (realmAccess ?? {}) as { roles?: unknown };
  return Array.isArray(roles) && roles.includes(role);
};

@Controller()
export class OrdersController {
  @Get('health')
  @Public()
  health(): { status: string } {
    return { status: 'ok' };
  }

  @Get('orders')
  @RequireClaim('realm_access', holdsRole('clerk'))
  list(@CurrentPrincipal() principal: Principal, @Claim('preferred_username') name: unknown): unknown {
    return { for: principal.subject, name };
  }
}

@Module({
  imports: [
    AssayModule.forRoot({
      issuer: 'https://keycloak.example/realms/shop',
      audience: 'https://api.example',
      compatibility: 'keycloak',
    }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
