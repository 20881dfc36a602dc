// oidc-provider, a certified OAuth2 server, with one client and one refresh token that rotates. Its first line tells port and token.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [client_id, client_secret] = process.argv.slice(2);
const server = createServer().listen(0, '127.0.0.1', async () => {
  const { port } = server.address();
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id, client_secret, grant_types: ['client_credentials', 'refresh_token'], redirect_uris: [], response_types: [] }],
    features: {
      clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true },
      devInteractions: { enabled: false },
    },
    scopes: ['openid', 'offline_access', 'reports.read'],
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    rotateRefreshToken: true,
    ttl: { AccessToken: 3600, ClientCredentials: 3600, RefreshToken: 86400, Grant: 86400 },
  });
  server.on('request', provider.callback());
  const owner = { accountId: 'somebody', clientId: client_id };
  const grant = new provider.Grant(owner);
  grant.addOIDCScope('openid offline_access');
  const token = new provider.RefreshToken({
    accountId: owner.accountId, client: await provider.Client.find(client_id), grantId: await grant.save(), gty: 'authorization_code',
    rotations: 0, scope: 'openid offline_access',
  });
  console.log(JSON.stringify({ port, refresh_token: await token.save() }));
});
