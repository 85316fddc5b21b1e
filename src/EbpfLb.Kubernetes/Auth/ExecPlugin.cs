using System.Text;
using System.Text.Json;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>
/// Credentials from a program (KEP-541). What it prints is kept until it expires or the server refuses it. Those who need it while it
/// runs wait for the one run; when nobody waits any more it is ended.
/// </summary>
internal sealed class ExecPlugin(ExecSpec spec, TimeProvider time) : ApiCredentials
{
    /// <summary>Credentials this close to their end are got anew, so that they do not run out on the way.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private Given? known;
    private Run? running;

    public override string Description => $"what {spec.Command} gave";

    public override async ValueTask<ApiCredential> GetAsync(ApiCredential? refused, CancellationToken cancellationToken)
    {
        Run run;
        lock (gate)
        {
            if (known is { } k && !k.Credential.IsSameAs(refused) && !(k.Expires <= time.GetUtcNow() + Margin)) return k.Credential;
            if (running is null)
            {
                running = run = new Run();
                run.Result = Task.Run(() => ExecuteAsync(run), CancellationToken.None);
            }
            run = running;
            run.Waiting++;
        }
        try
        {
            return (await run.Result!.WaitAsync(cancellationToken)).Credential;
        }
        finally
        {
            if (IsLeftAlone(run)) await run.Stop.CancelAsync();
        }
    }

    private bool IsLeftAlone(Run run)
    {
        lock (gate)
        {
            if (--run.Waiting > 0 || running != run) return false;
            running = null;
            return true;
        }
    }

    private async Task<Given> ExecuteAsync(Run run)
    {
        try
        {
            var given = Read(await ExecProcess.RunAsync(spec, ExecInfo(), run.Stop.Token));
            lock (gate) known = given;
            return given;
        }
        finally
        {
            lock (gate)
            {
                if (running == run) running = null;
            }
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

    private Given Read(string output)
    {
        ExecCredential? read;
        try
        {
            read = JsonSerializer.Deserialize(output.AsSpan().Trim("\uFEFF \t\r\n"), ExecJson.Default.ExecCredential);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new ConnectionException($"{spec.Where}: {spec.Command} did not print an ExecCredential as JSON ({e.Message}); run it "
                + "by hand to see", e);
        }
        if (read?.ApiVersion != spec.ApiVersion)
            throw new ConnectionException(
                $"{spec.Where}: {spec.Command} answered with apiVersion '{FieldText.Shown(read?.ApiVersion ?? "")}' and the "
                + $"kubeconfig asks for {spec.ApiVersion}; make them equal");
        if (read.Status is not { } status || (string.IsNullOrEmpty(status.Token) && string.IsNullOrEmpty(status.ClientCertificateData)))
            throw new ConnectionException($"{spec.Where}: {spec.Command} printed neither status.token nor status.clientCertificateData; "
                + "run it by hand to see");
        var shown = status.ClientCertificateData is { Length: > 0 } pem
            ? PemSource.ReadPair(
                pem, status.ClientKeyData ?? "", $"{spec.Where}: {spec.Command}: status.clientCertificateData", "status.clientKeyData")
            : ApiCredential.None;
        var token = status.Token is { Length: > 0 } text ? FieldText.Token(text, $"{spec.Where}: {spec.Command}: status.token") : null;
        // Go's zero time, which plugins print for "none", counts as unset, as in client-go.
        var expires = status.ExpirationTimestamp is { UtcTicks: > 0 } end ? end : (DateTimeOffset?)null;
        return new Given(new ApiCredential(token, shown.Certificate) { Intermediates = shown.Intermediates }, expires);
    }

    /// <summary>What a run has printed.</summary>
    private sealed record Given(ApiCredential Credential, DateTimeOffset? Expires);

    /// <summary>One run and those who wait for it; under the gate, but for the token.</summary>
    private sealed class Run
    {
        public CancellationTokenSource Stop { get; } = new();

        public Task<Given>? Result { get; set; }

        public int Waiting { get; set; }
    }
}
