import { Controller, Get } from '@nestjs/common';
import { Public } from '@assay/nest';

@Controller('health')
export class HealthController {
  @Get()
  @Public()
  health(): { status: string } {
    return { status: 'ok' };
  }
}
