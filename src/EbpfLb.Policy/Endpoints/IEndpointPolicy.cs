namespace EbpfLb.Policy.Endpoints;

/// <summary>Fills one of the lists of a service port (docs/contract.md 6).</summary>
internal interface IEndpointPolicy
{
    /// <summary>The list that this one fills; it is not asked when no frontend uses it.</summary>
    BackendLists List { get; }

    /// <summary>Sets <see cref="List"/> in the marks of the chosen ones.</summary>
    /// <param name="lists">One mark for each endpoint.</param>
    void Select(ReadOnlySpan<MergedEndpoint> endpoints, Span<BackendLists> lists);
}
