using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EbpfLb.Testing.ApiServer;

/// <summary>A CA of a test's own, which issues server and client certificates.</summary>
public sealed class FakeAuthority : IDisposable
{
    private readonly X509Certificate2 certificate;

    /// <param name="issuer">Makes this an intermediate CA; null: a root.</param>
    /// <param name="usage">Extended key usage of the CA; null: none.</param>
    public FakeAuthority(string name = "fake-cluster-ca", FakeAuthority? issuer = null, string? usage = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        if (usage is not null) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-20), to = DateTimeOffset.UtcNow.AddDays(20);
        if (issuer is null)
        {
            certificate = request.CreateSelfSigned(from.AddDays(-10), to.AddDays(10));
            return;
        }
        using var issued = request.Create(issuer.certificate, from, to, RandomNumberGenerator.GetBytes(8));
        certificate = issued.CopyWithPrivateKey(key);
    }

    /// <summary>Extended key usages.</summary>
    public const string ServerUsage = "1.3.6.1.5.5.7.3.1";

    public const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    /// <summary>The CA's certificate, without its key.</summary>
    public X509Certificate2 Certificate => X509CertificateLoader.LoadCertificate(certificate.RawData);

    /// <summary>The CA certificate as PEM: what a kubeconfig's certificate-authority holds.</summary>
    public string Pem => certificate.ExportCertificatePem();

    /// <summary>A server certificate for these DNS names and addresses.</summary>
    /// <param name="validFor">From an hour ago to this long from now; negative makes one that has expired.</param>
    public X509Certificate2 IssueServer(TimeSpan validFor, params string[] names) => IssueFor(ServerUsage, validFor, null, names);

    /// <summary>The same for another use, "" without any extended key usage, or with one more extension.</summary>
    public X509Certificate2 IssueFor(string usage, TimeSpan validFor, X509Extension? extension, params string[] names)
    {
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address)) alternatives.AddIpAddress(address);
            else alternatives.AddDnsName(name);
        }
        return Issue("CN=kube-apiserver", usage, validFor, alternatives.Build(), extension);
    }

    /// <summary>A client certificate; the common name is the user.</summary>
    public X509Certificate2 IssueClient(string user) => Issue($"CN={user},O=system:nodes", ClientUsage, TimeSpan.FromDays(1));

    /// <summary>Whether this CA issued the certificate.</summary>
    /// <param name="presented">What came with it.</param>
    public bool Issued(X509Certificate2 candidate, X509Certificate2Collection? presented = null)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(certificate);
        if (presented is not null) chain.ChainPolicy.ExtraStore.AddRange(presented);
        return chain.Build(candidate);
    }

    public void Dispose() => certificate.Dispose();

    private X509Certificate2 Issue(string subject, string usage, TimeSpan validFor, params X509Extension?[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (usage.Length > 0) request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        foreach (var extension in extensions.OfType<X509Extension>()) request.CertificateExtensions.Add(extension);
        var end = DateTimeOffset.UtcNow + validFor;
        using var issued = request.Create(certificate, end.AddDays(-2), end, RandomNumberGenerator.GetBytes(8));
        using var withKey = issued.CopyWithPrivateKey(key);
        // A round trip through PKCS#12 makes the key usable by SslStream on every platform.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }
}
