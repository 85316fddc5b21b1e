using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the running agent what it programmed.</summary>
internal sealed class ControlHistory(HttpClient client) : IHistoryView
{
    public async Task<HistoryReport> ReadAsync(HistoryQuery query, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(
            new Uri(HistoryRequests.Path, UriKind.Relative), query, ControlJson.Default.HistoryQuery, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new IOException("the agent is of a version that keeps no history; restart it with this one");
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ControlJson.Default.HistoryReport, cancellationToken)
            ?? throw new JsonException($"the agent answered {HistoryRequests.Path} with nothing; is it of another version?");
    }
}
