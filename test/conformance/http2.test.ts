import { http2 } from './http/client.ts';
import { httpConformance } from './http.ts';

httpConformance(http2);
