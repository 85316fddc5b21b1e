using EbpfLb.Agent.Hosting;
using EbpfLb.Kubernetes.Api;
using EbpfLb.Kubernetes.Auth;
using EbpfLb.Model;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>The source of objects: whether API servers answer what the agent asks, and how long certificates last.</summary>
internal static class ApiServerChecks
{
    private const string Server = "api.server", Certificates = "api.certificates";

    /// <summary>Before the end of a certificate there is time to renew it; of a short-lived one a tenth of its life.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    public static async Task<IEnumerable<CheckResult>> AskAsync(DoctorFacts facts, CancellationToken cancellationToken)
    {
        if (facts.Container is { } container)
            return [CheckResult.NotKnown(Server, "the agent is in a container, where its account and files are", container.Hint)];
        if (facts.Start.Manifests is { } path)
            return [File.Exists(path) || Directory.Exists(path)
                ? CheckResult.Ok(Server, $"none is used: objects come from {path}")
                : CheckResult.Problem(Server, $"{OptionNames.Manifests} {path} does not exist", "make it, or correct the path")];
        ApiConnection connection;
        try
        {
            connection = SourceOpener.ConnectionOf(facts.Start, facts.Time);
        }
        catch (StartException e)
        {
            // Without an option there is nothing that could be asked, which an agent elsewhere may well have.
            return [CheckResult.NotKnown(Server, $"it is not known which: {e.Message}",
                $"give the agent's {OptionNames.Config} FILE or {OptionNames.Kubeconfig} FILE")];
        }
        catch (ConnectionException e)
        {
            return [CheckResult.Problem(Server, $"the connection cannot be used: {e.Message}", "correct what the message names")];
        }
        List<CheckResult> found = [.. connection.Notes.Select(note => CheckResult.Warning(Server, note, "see whether that is meant"))];
        List<CertificateEnd> ends = [];
        var node = facts.Start.Tunnel.IsUsed ? null : facts.Start.NodeName;
        foreach (var answer in await ConnectionCheck.AskAsync(connection, node, facts.Time, cancellationToken))
        {
            found.AddRange(Judge(answer, isOnly: connection.Servers.Count == 1));
            if (answer.Certificate is { } certificate) ends.Add(certificate);
        }
        return [.. found, .. await OfCertificatesAsync(connection, ends, facts.Time.GetUtcNow().UtcDateTime, cancellationToken)];
    }

    /// <param name="isOnly">There is no other server to turn to.</param>
    public static IEnumerable<CheckResult> Judge(ServerAnswer answer, bool isOnly)
    {
        if (answer.Problems.Count == 0) return [CheckResult.Ok(Server, $"{answer.Server} answers all that the agent asks")];
        return answer.Problems.Select(message =>
        {
            // The last part of the message says what to do.
            var cut = message.LastIndexOf("; ", StringComparison.Ordinal);
            var (what, remedy) = cut < 0 ? (message, $"see whether {answer.Server} runs, and its log") : (message[..cut], message[(cut
                + 2)..]);
            return isOnly ? CheckResult.Problem(Server, what, remedy) : CheckResult.Warning(Server, what, remedy);
        });
    }

    public static CheckResult Judge(CertificateEnd certificate, DateTime now)
    {
        var (life, left) = (certificate.NotAfter - certificate.NotBefore, certificate.NotAfter - now);
        var text = $"{certificate.What} is valid until {certificate.NotAfter:yyyy-MM-dd HH:mm}Z";
        if (now < certificate.NotBefore)
            return CheckResult.Problem(Certificates, $"{certificate.What} is valid from {certificate.NotBefore:yyyy-MM-dd HH:mm}Z on only",
                "set this machine's clock");
        if (left <= TimeSpan.Zero)
            return CheckResult.Problem(Certificates, $"{certificate.What} expired at {certificate.NotAfter:yyyy-MM-dd HH:mm}Z",
                "renew it (kubeadm: `kubeadm certs renew all`, then restart the API server)");
        return left < (life / 10 < Soon ? life / 10 : Soon)
            ? CheckResult.Warning(Certificates, $"{text}, {left.TotalDays:0.#} days from now",
                "renew it (kubeadm: `kubeadm certs renew all`)")
            : CheckResult.Ok(Certificates, text);
    }

    private static async Task<IEnumerable<CheckResult>> OfCertificatesAsync(
        ApiConnection connection, List<CertificateEnd> ends, DateTime now, CancellationToken cancellationToken)
    {
        try
        {
            ends.AddRange(await ConnectionCheck.CertificatesAsync(connection, cancellationToken));
        }
        catch (ConnectionException e)
        {
            return [CheckResult.Problem(Certificates, $"credentials cannot be read: {e.Message}", "correct what the message names")];
        }
        return ends.Count > 0 ? ends.Select(end => Judge(end, now)) : [CheckResult.Ok(Certificates, "the connection has none")];
    }
}
