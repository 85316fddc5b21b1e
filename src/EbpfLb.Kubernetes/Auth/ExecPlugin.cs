using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>
/// Credentials from a program (KEP-541). What it prints is kept until it expires or the server refuses it.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim whose wait handle is never taken holds nothing to dispose of.")]
internal sealed class ExecPlugin(ExecSpec spec, TimeProvider time) : ApiCredentials
{
    /// <summary>Credentials this close to their end are got anew, so that they do not run out on the way.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim gate = new(1, 1);
    private (ApiCredential Credential, DateTimeOffset? Expires)? known;

    public override string Description => $"what {spec.Command} gave";

    public override async ValueTask<ApiCredential> GetAsync(bool refused, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (!refused && known is { } k && !(k.Expires - Margin <= time.GetUtcNow())) return k.Credential;
            known = Read(await RunAsync(cancellationToken));
            return known.Value.Credential;
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(spec.Command, spec.Arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var (name, value) in spec.Environment) start.Environment[name] = value;
        start.Environment["KUBERNETES_EXEC_INFO"] = ExecInfo();
        using var process = Start(start);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode == 0) return await output;
            throw new ConfigException(
                $"{spec.Where}: {spec.Command} ended with exit code {process.ExitCode}: {Shorten(await errors)}; run it by "
                    + "hand to see why");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new ConfigException(
                $"{spec.Where}: {spec.Command} cannot be run: {e.Message}; "
                    + $"{spec.InstallHint ?? "install the plugin or correct the path"}", e);
        }
    }

    private string ExecInfo() => JsonSerializer.Serialize(
        new ExecCredential
        {
            Kind = "ExecCredential",
            ApiVersion = spec.ApiVersion,
            Spec = new ExecCredentialSpec
            {
                Interactive = false,
                Cluster = spec.Cluster is not { } cluster ? null : new ExecCredentialCluster
                {
                    Server = cluster.Server,
                    TlsServerName = cluster.Trust.ServerName,
                    InsecureSkipTlsVerify = cluster.Trust.SkipVerify,
                    CertificateAuthorityData = cluster.Trust.Authority is { } ca ? Encoding.UTF8.GetBytes(ca.Read()) : null,
                },
            },
        },
        ExecJson.Default.ExecCredential);

    private (ApiCredential Credential, DateTimeOffset? Expires) Read(string output)
    {
        ExecCredential? read;
        try
        {
            read = JsonSerializer.Deserialize(output, ExecJson.Default.ExecCredential);
        }
        catch (JsonException e)
        {
            throw new ConfigException($"{spec.Where}: {spec.Command} did not print an ExecCredential as JSON ({e.Message}); run it "
                + "by hand to see", e);
        }
        if (read?.ApiVersion != spec.ApiVersion)
            throw new ConfigException($"{spec.Where}: {spec.Command} answered with apiVersion '{read?.ApiVersion}' and the "
                + $"kubeconfig asks for {spec.ApiVersion}; make them equal");
        if (read.Status is not { } status || (status.Token is null && status.ClientCertificateData is null))
            throw new ConfigException($"{spec.Where}: {spec.Command} printed neither status.token nor status.clientCertificateData; "
                + "run it by hand to see");
        var certificate = status.ClientCertificateData is { } pem
            ? PemSource.ReadPair(pem, status.ClientKeyData ?? "", $"{spec.Command}: status.clientCertificateData", "status.clientKeyData")
            : null;
        return (new ApiCredential(status.Token, certificate), status.ExpirationTimestamp);
    }

    private static string Shorten(string text)
    {
        var line = string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= 300 ? line : $"{line[..300]}...";
    }
}
