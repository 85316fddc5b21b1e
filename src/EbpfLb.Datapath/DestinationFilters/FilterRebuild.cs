using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Tables;

namespace EbpfLb.Datapath.DestinationFilters;

/// <summary>
/// Lets packets pass unseen again to addresses that nothing of ours goes to any more (see <see cref="DestinationFilter"/>). Reads the
/// tables of services, node addresses and flows. Thread-safe.
/// </summary>
internal sealed class FilterRebuild(KernelTables tables, FlowMaps flows)
{
    public bool IsInUse => tables.DestinationFilter.IsInUse;

    /// <exception cref="BpfException">A table cannot be read; then nothing has changed.</exception>
    public void Rebuild() => tables.DestinationFilter.Rebuild(tables.Addresses().Concat(flows.All.SelectMany(m => m.Destinations())));
}
