using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>PEM text that stands in a configuration (base64, "...-data") or in a file that it names.</summary>
/// <param name="Where">File and field, for messages.</param>
internal sealed record PemSource(string Where, string? Data, string? Path)
{
    /// <summary>The PEM text as it is now.</summary>
    /// <exception cref="ConnectionException">The file cannot be read or the data is not base64.</exception>
    public string Read()
    {
        if (Path is not null) return NamedFile.ReadText(Path, Where);
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(Data ?? ""));
        }
        catch (FormatException e)
        {
            throw new ConnectionException($"{Where}: not base64; it must be the PEM file in base64 on one line (base64 -w0 FILE)", e);
        }
    }

    /// <summary>Reads all certificates.</summary>
    /// <exception cref="ConnectionException">There is none.</exception>
    public X509Certificate2Collection ReadCertificates()
    {
        var certificates = new X509Certificate2Collection();
        var pem = Read();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new ConnectionException($"{Where}: not a PEM certificate: {e.Message}; it must hold the CA of the API server", e);
        }
        return certificates.Count > 0
            ? certificates
            : throw new ConnectionException($"{Where}: holds no PEM certificate; it must hold the CA of the API server");
    }

    /// <summary>
    /// Joins a certificate with its key; certificates after the first are those of its issuers (RFC 8446, section 4.4.2).
    /// </summary>
    /// <exception cref="ConnectionException">Either does not read, or they do not belong together.</exception>
    public static ApiCredential ReadPair(string certificatePem, string keyPem, string certificateWhere, string keyWhere)
    {
        try
        {
            var issuers = new X509Certificate2Collection();
            issuers.ImportFromPem(certificatePem);
            if (issuers.Count > 0) issuers.RemoveAt(0);
            return new ApiCredential(Certificate: X509Certificate2.CreateFromPem(certificatePem, keyPem)) { Intermediates = issuers };
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new ConnectionException(
                $"{certificateWhere} and {keyWhere} are no client certificate with its key: {e.Message}; both must be PEM and "
                    + "belong together", e);
        }
    }
}
