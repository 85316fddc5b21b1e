using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Agent.Control;

/// <summary>The agent's end of <see cref="ControlTraces"/>.</summary>
internal sealed class TraceRequests(ITraceView? traces)
{
    public const string Path = "/traces";

    /// <summary>Longest that an answer is waited for.</summary>
    private const double MostSeconds = 5;

    public IEnumerable<Route> Routes
        => traces is null ? [] : [Route.Post(Path, context => AnswerAsync(context, traces), Asker.Owner, FlowRequests.MostBytes)];

    private static async Task AnswerAsync(HttpContext context, ITraceView traces)
    {
        try
        {
            var query = await JsonSerializer.DeserializeAsync(
                context.Request.Body, ControlJson.Default.TraceQuery, context.RequestAborted) ?? new TraceQuery(new TraceFilter());
            if (query.Filter?.Service is { } service) ServiceQuery.Parse(service);
            query = query with { Filter = query.Filter ?? new TraceFilter(), WaitSeconds = Math.Clamp(query.WaitSeconds, 0, MostSeconds) };
            await Respond.JsonAsync(context, StatusCodes.Status200OK, await traces.ReadAsync(query, context.RequestAborted),
                ControlJson.Default.TracesReport);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status400BadRequest);
        }
    }
}

/// <summary>Asks the running agent for traces.</summary>
internal sealed class ControlTraces(HttpClient client) : ITraceView
{
    public async Task<TracesReport> ReadAsync(TraceQuery query, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(
            new Uri(TraceRequests.Path, UriKind.Relative), query, ControlJson.Default.TraceQuery, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            throw new IOException("the agent is of a version that traces no flows; restart it with this one");
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync(ControlJson.Default.TracesReport, cancellationToken)
            ?? throw new JsonException($"the agent answered {TraceRequests.Path} with nothing; is it of another version?");
    }
}
