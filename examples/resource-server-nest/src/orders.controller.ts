import { Body, Controller, Get, Post } from '@nestjs/common';
import { Principal } from '@assay/core';
import { CurrentPrincipal, RequireScope } from '@assay/nest';

interface Order {
  readonly id: number;
  readonly item: string;
  readonly by: string;
}

/** Orders: reading needs `orders:read`, writing needs `orders:write` as well. */
@Controller('orders')
@RequireScope('orders:read')
export class OrdersController {
  readonly #orders: Order[] = [{ id: 1, item: 'a globe', by: 'the shop' }];

  @Get()
  list(): { orders: readonly Order[] } {
    return { orders: this.#orders };
  }

  @Post()
  @RequireScope('orders:write')
  create(@Body() body: { item?: unknown }, @CurrentPrincipal() principal: Principal): Order {
    const order = { id: this.#orders.length + 1, item: String(body.item), by: principal.subject };
    this.#orders.push(order);
    return order;
  }
}
