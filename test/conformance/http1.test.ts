import { http1 } from './http/client.ts';
import { httpConformance } from './http.ts';

httpConformance(http1);
httpConformance({ ...http1, offer: { http2: false } });
