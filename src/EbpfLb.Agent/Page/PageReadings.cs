using EbpfLb.Agent.Control;
using EbpfLb.Agent.Events;
using EbpfLb.Agent.Explanations;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Agent.Verification;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Events;
using EbpfLb.Explain;
using EbpfLb.Http.Page;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Page;

/// <summary>What the status page shows: the answers of the control socket, as the commands get them.</summary>
internal sealed class PageReadings(
    AgentView view, PipelineState state, StartOptions start, PageServices services, RecentEvents events, Verifier verifier,
    Func<LiveOptions> options, TimeProvider time) : IPageReadings
{
    public PageContent Content => options().StatusPage;

    public IReadOnlyList<string> HostNames => [start.NodeName, Environment.MachineName, .. options().StatusPageHosts];

    public PageHead Head()
    {
        var readiness = state.Readiness();
        return new PageHead(view.Instance, start.NodeName, view.Version, readiness.Ready, readiness.Reasons.Count, time.GetUtcNow());
    }

    public async Task<PageStatus> StatusAsync(CancellationToken cancellationToken)
        => PageStatusText.Of(await view.StatusAsync(cancellationToken), state.ServicesNotProgrammed, verifier.Last);

    public ServiceList FindServices(ServiceSearch search) => services.Find(search);

    public async Task<ServiceDetail?> FindServiceAsync(ObjectName name, bool withFlows, CancellationToken cancellationToken)
    {
        var drops = await DropsAsync(DropHistory.DefaultCapacity, cancellationToken);
        return await services.FindAsync(name, withFlows, drops.OrNull, cancellationToken);
    }

    public async Task<PageDrops> DropsAsync(int most, CancellationToken cancellationToken)
    {
        var report = await view.Flows.DropsAsync(0, TimeSpan.Zero, cancellationToken);
        return new PageDrops([.. report.Drops.Reverse().Take(most).Select(d => new PageDrop(
            d.Time, d.Reason, d.Protocol, d.Source, d.Destination, d.Device, d.Service ?? (d.ServiceId == 0 ? null : $"#{d.ServiceId}")))],
            report.Problem);
    }

    public IReadOnlyList<PageEvent> Events() => events.All;

    public async Task<PageExplanation> ExplainAsync(ExplainQuestion question, CancellationToken cancellationToken)
    {
        try
        {
            var flow = FlowText.Parse(question.From, DestinationOf(question), path: null, ingress: null);
            await using var output = new StringWriter();
            await new LiveExplanation(view, start.Instance, new Terminal(output, output, width: null))
                .OneAsync(flow, OutputFormat.Table, cancellationToken);
            return new PageExplanation(output.ToString(), null);
        }
        catch (Exception e) when (e is FormatException or IOException or BpfException or UnknownServiceException)
        {
            return new PageExplanation(null, e.Message);
        }
    }

    private static string DestinationOf(ExplainQuestion question)
    {
        var address = FlowText.ParseAddress(question.To.Trim('[', ']'));
        var protocol = question.Protocol.Length == 0 ? TransportProtocol.Tcp : FlowText.ParseProtocol(question.Protocol);
        return $"{NameText.Endpoint(address.ToString(), PortOf(question.Port))}/{protocol.ToText()}";
    }

    private static ushort PortOf(string text) => ushort.TryParse(text, out var port) && port > 0 ? port
        : throw new FormatException($"'{text}' is not a port; give a number from 1 to 65535");
}
