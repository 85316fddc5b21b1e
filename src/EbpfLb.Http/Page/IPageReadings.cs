using EbpfLb.Model;

namespace EbpfLb.Http.Page;

/// <summary>How much of the status page is shown to whoever reaches the metrics address.</summary>
public enum PageContent
{
    Off,

    /// <summary>What the metrics address tells anyway: health, counts by reason, the fill of the maps. No names, no addresses.</summary>
    Summary,

    /// <summary>Also Services, backends, flows, single drops, events, devices, and explanations.</summary>
    Full,
}

/// <summary>
/// What the status page shows, from where the commands have it. Called from any thread, one call at a time for each of the two
/// kinds of clients. What is not known is null, and shown as "-".
/// </summary>
public interface IPageReadings
{
    /// <summary>In force when it is asked.</summary>
    PageContent Content { get; }

    /// <summary>Names under which a browser may ask for the page, beside addresses and localhost; in force when they are asked.</summary>
    IReadOnlyList<string> HostNames { get; }

    PageHead Head();

    Task<PageStatus> StatusAsync(CancellationToken cancellationToken);

    /// <summary>No more than are asked for, whatever the cluster has.</summary>
    ServiceList FindServices(ServiceSearch search);

    /// <param name="withFlows">Also read the flow tables, whose time grows with the flows of all Services.</param>
    /// <returns>null: no Service of this name is served.</returns>
    Task<ServiceDetail?> FindServiceAsync(ObjectName name, bool withFlows, CancellationToken cancellationToken);

    /// <summary>The last ones, newest first.</summary>
    Task<PageDrops> DropsAsync(int most, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    IReadOnlyList<PageEvent> Events();

    /// <summary>What `ebpflb explain` prints, or what is wrong with the question.</summary>
    Task<PageExplanation> ExplainAsync(ExplainQuestion question, CancellationToken cancellationToken);
}
