"""Two invented orgs to look at: `sample_orgs(today)`."""

from sync.feeds.sample.org import DemoPerson, SampleOrg, sample_orgs

__all__ = ["DemoPerson", "SampleOrg", "sample_orgs"]
