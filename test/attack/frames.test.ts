import { attackSuite } from './suite.ts';

// Streams that are reset at once still hold others up for longer than a client waits.
attackSuite({ groups: ['frames'], seconds: 4, except: /reset/ });
