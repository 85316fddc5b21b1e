using System.Text;
using EbpfLb.Kubernetes.Auth;

namespace EbpfLb.Fuzz.Targets;

/// <summary>A kubeconfig: it gives a connection, or one line that names the file and what is wrong in it. Plugins are not run.</summary>
internal sealed class KubeconfigTarget : FuzzTarget
{
    private const string Path = "/nowhere/kubeconfig";

    /// <summary>A small certificate (P-256, self-signed, of no use) with its key.</summary>
    private static readonly (string Certificate, string Key) Pair = MakePair();

    public override string Name => "kubeconfig";

    public override IReadOnlyList<byte[]> Corpus { get; } =
    [
        Corpora.Bytes("""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts:
            - name: test
              context: {cluster: test, user: test, namespace: shop}
            clusters:
            - name: test
              cluster:
                server: "https://10.0.0.1:6443"
                tls-server-name: kubernetes.default.svc
                insecure-skip-tls-verify: false
                proxy-url: http://user:secret@proxy:3128
            users:
            - name: test
              user: {token: secret, as: somebody}
            """),
        Corpora.Bytes($$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{name: test, context: {cluster: test, user: test} }]
            clusters:
            - name: test
              cluster:
                server: https://[fd00::1]:6443/prefix
                certificate-authority-data: {{Base64(Pair.Certificate)}}
            users:
            - name: test
              user:
                client-certificate-data: {{Base64(Pair.Certificate)}}
                client-key-data: {{Base64(Pair.Key)}}
            """),
        Corpora.Bytes("""
            {"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
             "clusters": [{"name": "c", "cluster": {"server": "10.0.0.1", "certificate-authority": "ca.crt"}}],
             "users": [{"name": "u", "user": {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "get-token",
               "args": ["--cluster", "a"], "env": [{"name": "A", "value": "b"}], "interactiveMode": "Never", "provideClusterInfo": true}}}]}
            """),
        Corpora.Bytes("""
            current-context: c
            contexts: [{name: c, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:8080"}}]
            users: [{name: u, user: {tokenFile: token, username: a, password: b, auth-provider: {name: gcp}}}]
            """),
        .. Corpora.Documented("current-context"),
    ];

    public override string? Try(byte[] input, Random random, FuzzReport report)
    {
        try
        {
            var connection = KubeconfigFile.Read(Path, Encoding.UTF8.GetString(input));
            report.Read++;
            return connection.Servers.Count == 0 ? "a connection to no server" : null;
        }
        catch (ConnectionException e)
        {
            return e.Message.Contains('\n') || !e.Message.Contains("kubeconfig", StringComparison.Ordinal) ? $"unclear: {e.Message}" : null;
        }
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private static (string Certificate, string Key) MakePair()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest(
            "CN=fuzz", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
