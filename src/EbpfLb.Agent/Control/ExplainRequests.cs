using System.Text.Json;
using EbpfLb.Explain;
using EbpfLb.Http.Server;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Agent.Control;

/// <summary>The agent's end of <see cref="ControlExplanations"/>.</summary>
internal sealed class ExplainRequests(IExplainView? explanations)
{
    public const string One = "/explain";
    public const string Lines = "/explain/lines";

    public IEnumerable<Route> Routes =>
    [
        Route.Post(One, OneAsync, Asker.Owner, FlowRequests.MostBytes), Route.Post(Lines, LinesAsync, Asker.Owner, FlowRequests.MostBytes),
    ];

    private async Task OneAsync(HttpContext context)
    {
        try
        {
            var query = await JsonSerializer.DeserializeAsync(
                context.Request.Body, ControlJson.Default.ExplainQuery, context.RequestAborted)
                ?? throw new FormatException("nothing was asked");
            var report = await View()
                .ExplainAsync(FlowText.Parse(query.From, query.To, query.Path, query.IngressInterface), context.RequestAborted);
            await Respond.JsonAsync(context, StatusCodes.Status200OK, report, ControlJson.Default.ExplainReport);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status400BadRequest);
        }
    }

    private async Task LinesAsync(HttpContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.Body);
            var first = int.TryParse(context.Request.Query["first"], out var number) ? number : 1;
            await Respond.TextAsync(
                context, await View().ExplainAsync(await reader.ReadToEndAsync(context.RequestAborted), first, context.RequestAborted));
        }
        catch (FormatException e)
        {
            await Respond.TextAsync(context, e.Message, status: StatusCodes.Status400BadRequest);
        }
    }

    private IExplainView View() => explanations ?? throw new FormatException("this agent explains nothing");
}
