import { attackSuite } from './suite.ts';

// Connections that pipeline and do not read still hold others up for longer than a client waits.
attackSuite({ groups: ['lines'], seconds: 4, except: /do not read/ });
