using System.Text;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Testing.ApiServer;

namespace EbpfLb.Kubernetes.Tests.Auth;

/// <summary>Connections to fake servers with TLS.</summary>
internal static class TlsFixture
{
    public static ApiConnection Trusting(Uri server, FakeAuthority authority, string? serverName = null) => new([server], "test")
    {
        Trust = new ServerTrust(Pem("kubeconfig: certificate-authority-data", authority.Pem), ServerName: serverName),
    };

    /// <summary>Trusts these certificates and no others.</summary>
    public static ApiConnection TrustingPem(Uri server, string pem) => new([server], "test")
    {
        Trust = new ServerTrust(Pem("kubeconfig: certificate-authority-data", pem)),
    };

    public static PemSource Pem(string where, string text) => new(where, Base64(text), null);

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
