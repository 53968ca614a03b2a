import { Controller, Get, Injectable, Module, Scope, UseGuards, type Type } from '@nestjs/common';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SetupError } from '@assay/core';
import {
  AssayGuard,
  AssayModule,
  Audience,
  OptionalAuthentication,
  Public,
  RequireScope,
  type AssayModuleExtras,
} from '@assay/nest';
import { createTokenBuilder, type TokenBuilder } from '@assay/testing';
import { platforms } from './platforms.js';

@Controller()
class BothOnMethod {
  @Get()
  @Public()
  @RequireScope('a')
  handler() {
    return {};
  }
}

@Controller()
@Public()
@RequireScope('a')
class BothOnClass {
  @Get()
  handler() {
    return {};
  }
}

@Controller()
@Public()
class PublicClassWithRequirement {
  @Get()
  @RequireScope('a')
  handler() {
    return {};
  }
}

@Controller()
@Public()
class PublicClassWithAudience {
  @Get()
  @Audience('https://api.example')
  handler() {
    return {};
  }
}

@Public()
class PublicBase {}

@Controller()
@RequireScope('a')
class ClassRequirementOverPublicBase extends PublicBase {
  @Get()
  handler() {
    return {};
  }
}

class RequiringBase {
  @Get()
  @RequireScope('a')
  handler() {
    return {};
  }
}

@Controller()
@Public()
class PublicClassOverBaseMethod extends RequiringBase {}

class PublicMethodBase {
  @Get()
  @Public()
  handler() {
    return {};
  }
}

@Controller()
class RequirementOverPublicMethod extends PublicMethodBase {
  @Get()
  @RequireScope('a')
  override handler() {
    return {};
  }
}

@Controller()
class PublicAndOptional {
  @Get()
  @Public()
  @OptionalAuthentication()
  handler() {
    return {};
  }
}

@Controller()
class OptionalWithRequirement {
  @Get()
  @OptionalAuthentication()
  @RequireScope('a')
  handler() {
    return {};
  }
}

@Controller()
@RequireScope('a')
class OptionalUnderRequirement {
  @Get()
  @OptionalAuthentication()
  handler() {
    return {};
  }
}

@Controller()
class NotAnAudience {
  @Get()
  @Audience('https://other.example')
  handler() {
    return {};
  }
}

@Controller()
class Requiring {
  @Get()
  @RequireScope('a')
  handler() {
    return {};
  }
}

@Controller()
class Optional {
  @Get()
  @OptionalAuthentication()
  handler() {
    return {};
  }
}

@Controller()
@UseGuards(AssayGuard.for('partner'))
class GuardOfNobody {
  @Get()
  handler() {
    return {};
  }
}

@Controller()
@UseGuards(AssayGuard)
class GuardWithoutModule {
  @Get()
  handler() {
    return {};
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Module({ providers: [PerRequest], exports: [PerRequest] })
class PerRequestModule {}

describe.each(platforms)('set-up errors on %s', (_platform, start) => {
  let tokens: TokenBuilder;
  beforeAll(async () => {
    tokens = await createTokenBuilder();
  });

  const options = () => ({
    issuer: [{ issuer: tokens.issuer, keys: tokens.jwks }],
    audience: 'https://api.example',
  });

  /** The error with which an application with this controller does not start. */
  const errorOf = async (controller: Type, extras: AssayModuleExtras = {}): Promise<unknown> => {
    const imports = [AssayModule.forRoot({ ...options(), ...extras })];
    try {
      await (await start({ imports, controllers: [controller] })).close();
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it.each([
    [BothOnMethod, '@Public on BothOnMethod.handler', '"scope a" on BothOnMethod.handler'],
    [BothOnClass, '@Public on BothOnClass', '"scope a" on BothOnClass'],
    [
      PublicClassWithRequirement,
      '@Public on PublicClassWithRequirement',
      '"scope a" on PublicClassWithRequirement.handler',
    ],
    [
      PublicClassWithAudience,
      '@Public on PublicClassWithAudience',
      '"audience https://api.example" on PublicClassWithAudience.handler',
    ],
    [ClassRequirementOverPublicBase, '@Public on PublicBase', '"scope a" on ClassRequirementOverPublicBase'],
    [PublicClassOverBaseMethod, '@Public on PublicClassOverBaseMethod', '"scope a" on RequiringBase.handler'],
    [
      RequirementOverPublicMethod,
      '@Public on PublicMethodBase.handler',
      '"scope a" on RequirementOverPublicMethod.handler',
    ],
    [
      OptionalWithRequirement,
      '@OptionalAuthentication on OptionalWithRequirement.handler',
      '"scope a" on OptionalWithRequirement.handler',
    ],
    [
      OptionalUnderRequirement,
      '@OptionalAuthentication on OptionalUnderRequirement.handler',
      '"scope a" on OptionalUnderRequirement',
    ],
  ])('refuses the contradiction of %p', async (controller, opening, requirement) => {
    const error = await errorOf(controller);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).option).toBe(`${controller.name}.handler`);
    expect((error as SetupError).message).toContain(opening);
    expect((error as SetupError).message).toContain(requirement);
  });

  it('refuses Public and OptionalAuthentication at one place', async () => {
    const error = await errorOf(PublicAndOptional);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).message).toContain('both stand on PublicAndOptional.handler');
  });

  it('refuses an audience that the resource server does not have, and names those that it has', async () => {
    const error = await errorOf(NotAnAudience);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).option).toBe('NotAnAudience.handler');
    expect((error as SetupError).remedy).toContain('https://api.example');
  });

  it.each([[Requiring], [Optional]])(
    'refuses %p where the guard is manual and not on it',
    async (controller) => {
      const error = await errorOf(controller, { guard: 'manual' });
      expect(error).toBeInstanceOf(SetupError);
      expect((error as SetupError).option).toBe(`${controller.name}.handler`);
      expect((error as SetupError).remedy).toContain('@UseGuards(AssayGuard)');
    },
  );

  it('refuses the guard of a resource server that there is not', async () => {
    const error = await errorOf(GuardOfNobody);
    expect(error).toBeInstanceOf(SetupError);
    expect((error as SetupError).option).toBe("AssayGuard.for('partner')");
    expect((error as SetupError).remedy).toContain("forRoot({ name: 'partner', issuer, audience })");
  });

  it('refuses the guard without the module', async () => {
    const starting = start({ controllers: [GuardWithoutModule] });
    await expect(starting).rejects.toBeInstanceOf(SetupError);
    await expect(starting).rejects.toMatchObject({ option: 'AssayGuard' });
  });

  it.each<[string, AssayModuleExtras, AssayModuleExtras, string]>([
    ['two modules of one name', {}, { guard: 'manual' }, 'name'],
    ['two modules with a global guard', {}, { name: 'partner' }, 'guard'],
  ])('refuses %s', async (_case, first, second, option) => {
    const imports = [first, second].map((extras) => AssayModule.forRoot({ ...options(), ...extras }));
    const starting = start({ imports });
    await expect(starting).rejects.toBeInstanceOf(SetupError);
    await expect(starting).rejects.toMatchObject({ option });
  });

  it('refuses options that depend on a provider of each request', async () => {
    const module = AssayModule.forRootAsync({
      imports: [PerRequestModule],
      inject: [PerRequest],
      useFactory: () => options(),
      guard: 'manual',
    });
    const starting = start({ imports: [module] });
    await expect(starting).rejects.toBeInstanceOf(SetupError);
    await expect(starting).rejects.toMatchObject({ option: 'forRootAsync' });
  });

  it('refuses options of the resource server that do not do, when the application is created', async () => {
    const imports = [AssayModule.forRoot({ issuer: 'http://as.example', audience: 'https://api.example' })];
    const starting = start({ imports });
    await expect(starting).rejects.toBeInstanceOf(SetupError);
    await expect(starting).rejects.toMatchObject({ option: 'issuer' });
  });
});

function errorFrom(make: () => unknown): unknown {
  try {
    make();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('set-up errors at once', () => {
  const options = { issuer: 'https://as.example', audience: 'https://api.example' };
  const forRoot = (given: unknown, extras?: object) => () =>
    AssayModule.forRoot(given as never, extras as AssayModuleExtras);
  const forRootAsync = (given: object) => () => AssayModule.forRootAsync(given);
  class Factory {
    createAssayOptions = () => options;
  }

  it.each<[string, () => unknown, string]>([
    ['no options', forRoot(undefined), 'options'],
    ['a misspelt option', forRoot({ ...options, audiense: 'x' }), 'audiense'],
    ['a guard that is none', forRoot({ ...options, guard: 'none' }), 'guard'],
    ['an empty name', forRoot({ ...options, name: '' }), 'name'],
    ['a name that is no text', forRoot({ ...options, name: 1 }), 'name'],
    ['a misspelt extra', forRoot({ authenticate: () => undefined }, { gard: 'manual' }), 'gard'],
    ['an async module without a source', forRootAsync({}), 'forRootAsync'],
    [
      'an async module with two sources',
      forRootAsync({ useFactory: () => options, useClass: Factory }),
      'forRootAsync',
    ],
    ['a misspelt async option', forRootAsync({ useFactori: () => options }), 'useFactori'],
    ['an async guard that is none', forRootAsync({ useFactory: () => options, guard: 'none' }), 'guard'],
  ])('refuses %s', (_case, make, option) => {
    expect(errorFrom(make)).toBeInstanceOf(SetupError);
    expect(errorFrom(make)).toMatchObject({ option });
  });

  it.each<[string, object, string, PropertyDescriptor | undefined]>([
    ['a field', Requiring.prototype, 'field', undefined],
    ['an accessor', Requiring.prototype, 'accessor', { get: () => 1 }],
    ['a static method', Requiring, 'method', { value: () => 1 }],
  ])('refuses a decorator on %s', (_case, target, property, descriptor) => {
    const decorate = () => {
      RequireScope('a')(target, property, descriptor as TypedPropertyDescriptor<unknown>);
    };
    expect(errorFrom(decorate)).toBeInstanceOf(SetupError);
    expect(errorFrom(decorate)).toMatchObject({ option: 'the requirement "scope a"' });
  });

  it('refuses an empty list of scopes and an empty audience', () => {
    expect(() => RequireScope()).toThrow(SetupError);
    expect(() => Audience('')).toThrow(SetupError);
  });
});
