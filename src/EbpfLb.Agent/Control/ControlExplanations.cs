using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EbpfLb.Explain;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the running agent about connections.</summary>
internal sealed class ControlExplanations(HttpClient client) : IExplainView
{
    public async Task<ExplainReport> ExplainAsync(Flow flow, CancellationToken cancellationToken)
    {
        var query = new ExplainQuery(flow.From.ToString(), new Frontend(flow.To, flow.Port, flow.Protocol).ToString(),
            flow.Path?.ToString().ToLowerInvariant(), flow.IngressInterface);
        using var response = await client.PostAsJsonAsync(
            new Uri(ExplainRequests.One, UriKind.Relative), query, ControlJson.Default.ExplainQuery, cancellationToken);
        await CheckAsync(response, cancellationToken);
        return await response.Content.ReadFromJsonAsync(ControlJson.Default.ExplainReport, cancellationToken)
            ?? throw new JsonException("the agent answered with nothing; is it of another version?");
    }

    public async Task<string> ExplainAsync(string lines, int first, CancellationToken cancellationToken)
    {
        using var content = new StringContent(lines);
        using var response = await client.PostAsync(
            new Uri($"{ExplainRequests.Lines}?first={first}", UriKind.Relative), content, cancellationToken);
        await CheckAsync(response, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    private static async Task CheckAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new IOException("the agent is of a version that does not explain; restart it with this one");
        if (response.StatusCode == HttpStatusCode.BadRequest)
            throw new IOException(await response.Content.ReadAsStringAsync(cancellationToken));
        response.EnsureSuccessStatusCode();
    }
}
