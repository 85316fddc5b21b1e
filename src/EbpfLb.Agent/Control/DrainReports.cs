namespace EbpfLb.Agent.Control;

/// <summary>Which backends get no new connections of this node, and changes of that.</summary>
internal interface IDrainView
{
    Task<DrainReport> ListAsync(CancellationToken cancellationToken);

    /// <summary>In force when it returns.</summary>
    Task<DrainReport> DrainAsync(DrainQuery query, CancellationToken cancellationToken);

    /// <inheritdoc cref="DrainAsync"/>
    Task<DrainReport> UndrainAsync(DrainQuery query, CancellationToken cancellationToken);
}

/// <param name="Address">null with undrain: every one.</param>
/// <param name="Port">0: any.</param>
/// <param name="Service">"namespace/name"; null: all.</param>
/// <param name="ForSeconds">null: until it is undrained.</param>
internal sealed record DrainQuery(string? Address, ushort Port = 0, string? Service = null, double? ForSeconds = null, bool Force = false);

/// <summary>The answer of `ebpflb drain` and `ebpflb undrain`. Its JSON form is an interface: names are added, never changed.</summary>
/// <param name="Drains">Those that hold now.</param>
internal sealed record DrainReport(IReadOnlyList<DrainRow> Drains)
{
    /// <summary>Why nothing was changed; null: it was, or nothing was asked.</summary>
    public string? Refused { get; init; }

    /// <summary>The ones that began or ended, as <see cref="DrainRow.Backend"/> has them.</summary>
    public IReadOnlyList<string> Changed { get; set; } = [];

    /// <summary>What is wrong with the file they are kept in; null: nothing.</summary>
    public string? Problem { get; init; }
}

/// <summary>One drain.</summary>
/// <param name="Backend">"10.244.1.7" or "10.244.1.7:8080".</param>
/// <param name="Service">null: of all Services.</param>
/// <param name="Until">null: until it is undrained.</param>
/// <param name="Forced">Also where nothing else is left.</param>
internal sealed record DrainRow(string Backend, string? Service, DateTimeOffset Since, DateTimeOffset? Until, bool Forced)
{
    /// <summary>Services that had the backend when the drain began: "default/web"; empty: not known.</summary>
    public IReadOnlyList<string> Services { get; set; } = [];

    /// <summary>Since when none of <see cref="Services"/> has the address: the drain ends 10 minutes later. null: one has it.</summary>
    public DateTimeOffset? AbsentSince { get; init; }

    /// <summary>Service ports that have the backend: "default/web:http/TCP/IPv4".</summary>
    public IReadOnlyList<string> ServicePorts { get; set; } = [];

    /// <summary>Of those, where it is used for new connections all the same, as nothing else is left.</summary>
    public IReadOnlyList<string> UsedBy { get; set; } = [];
}
