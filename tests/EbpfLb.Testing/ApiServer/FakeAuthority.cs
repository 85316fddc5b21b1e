using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Testing.ApiServer;

/// <summary>A CA of a test's own, which issues server and client certificates.</summary>
public sealed class FakeAuthority : IDisposable
{
    private readonly X509Certificate2 certificate;

    public FakeAuthority(string name = "fake-cluster-ca")
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-30), DateTimeOffset.UtcNow.AddDays(30));
    }

    /// <summary>The CA certificate as PEM: what a kubeconfig's certificate-authority holds.</summary>
    public string Pem => certificate.ExportCertificatePem();

    /// <summary>A server certificate for these DNS names and addresses.</summary>
    /// <param name="validFor">From an hour ago to this long from now; negative makes one that has expired.</param>
    public X509Certificate2 IssueServer(TimeSpan validFor, params string[] names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        return Issue("CN=kube-apiserver", "1.3.6.1.5.5.7.3.1", validFor, alternatives.Build());
    }

    /// <summary>A client certificate; the common name is the user.</summary>
    public X509Certificate2 IssueClient(string user) => Issue($"CN={user},O=system:nodes", "1.3.6.1.5.5.7.3.2", TimeSpan.FromDays(1), null);

    /// <summary>Whether this CA issued the certificate.</summary>
    public bool Issued(X509Certificate2 candidate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(certificate);
        return chain.Build(candidate);
    }

    public void Dispose() => certificate.Dispose();

    private X509Certificate2 Issue(string subject, string usage, TimeSpan validFor, X509Extension? alternatives)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (alternatives is not null) request.CertificateExtensions.Add(alternatives);
        var end = DateTimeOffset.UtcNow + validFor;
        using var issued = request.Create(certificate, end.AddDays(-2), end, RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        // A round trip through PKCS#12 makes the key usable by SslStream on every platform.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }
}
